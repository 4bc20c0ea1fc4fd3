// A field whose value the manifest fixes: no room for anything else in it (promise A2).
// expect: the manifest does not declare this field with this class
#include "tests/arch/compile_fail/two_manifests.hpp"

namespace qcloud {

Message<one> report() {
  auto word = Mint::text<DataClass::protocol_constant>("serial=Q204I00042");
#ifdef MUST_FAIL
  return Compose<one, "report">().set<"scope">(word).done();
#else
  (void)word;
  return Compose<one, "report">().set<"ipv4">(address()).done();
#endif
}

}  // namespace qcloud
