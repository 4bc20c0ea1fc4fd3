// A value whose class its user chose.
// expect: is private within this context
#include "tests/arch/compile_fail/two_manifests.hpp"

namespace qcloud {

#ifdef MUST_FAIL
Value<DataClass::public_address> value() {
  return Value<DataClass::public_address>(boost::json::value("Q204I00042"));
}
#else
Value<DataClass::public_address> value() { return address(); }
#endif

}  // namespace qcloud
