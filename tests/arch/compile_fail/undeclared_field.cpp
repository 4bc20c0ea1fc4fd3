// A field that the manifest does not have (promise A2).
// expect: the manifest does not declare this field with this class
#include "tests/arch/compile_fail/two_manifests.hpp"

namespace qcloud {

Message<one> report() {
#ifdef MUST_FAIL
  return Compose<one, "report">().set<"ipv4_lan">(address()).done();
#else
  return Compose<one, "report">().set<"ipv4">(address()).done();
#endif
}

}  // namespace qcloud
