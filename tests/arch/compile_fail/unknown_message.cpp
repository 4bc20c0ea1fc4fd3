// A message that the manifest does not have (promise A2).
// expect: the manifest declares no message of this name
#include "tests/arch/compile_fail/two_manifests.hpp"

namespace qcloud {

#ifdef MUST_FAIL
Message<one> report() { return Compose<one, "telemetry">().done(); }
#else
Message<one> report() { return Compose<one, "report">().done(); }
#endif

}  // namespace qcloud
