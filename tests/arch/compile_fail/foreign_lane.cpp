// One feature's message through another's lane: the other's switch would decide (promise A1).
// expect: Message<qcloud::two>
#include "tests/arch/compile_fail/two_manifests.hpp"

namespace qcloud {

#ifdef MUST_FAIL
Task<Result<Answer>> send(RequestLane<two> lane) {
#else
Task<Result<Answer>> send(RequestLane<one> lane) {
#endif
  auto message = Compose<one, "report">().set<"ipv4">(address()).done();
  return lane.send(std::move(message));
}

}  // namespace qcloud
