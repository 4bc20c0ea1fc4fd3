// The body of an EST answer -> parse_certs_only; as received, and as DER that is well encoded.
#include "agent/cloud/est.hpp"
#include "agent/cloud/encoding.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

void check(std::string_view body) {
  auto certificates = qcloud::parse_certs_only(body);
  if (!certificates) {
    MUST(certificates.error().code == "cloud.bad_answer" && !certificates.error().detail.empty());
    return;
  }
  MUST(!certificates->empty() && certificates->size() <= 8);
  for (const auto& certificate : *certificates) {
    MUST(certificate);
    qcloud::common_name(certificate.get());
    qcloud::validity(certificate.get());
    MUST(qcloud::to_pem(certificate.get()).starts_with("-----BEGIN CERTIFICATE-----"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text);
  check(qcloud::base64(text));
  // The corpus is text; its edits in DER are reached through this.
  if (auto der = qcloud::from_base64(text); der && !der->empty()) {
    (*der)[data[size / 2] * 7919u % der->size()] ^= static_cast<char>(1 << (size % 8));
    check(qcloud::base64(*der));
  }
  return 0;
}
