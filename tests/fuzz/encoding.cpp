// Three decoders of base64url, written apart for the agent, the CLI and the cloud, must agree on each
// text; and one value has one text.
#include "agent/cloud/encoding.hpp"
#include "agent/cli/jws.hpp"
#include "tests/cloud/encoding.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  auto ours = qcloud::from_base64url(text);
  auto cli = qcloud::cli::base64url_decode(text);
  auto cloud = refcloud::unbase64url(text);
  MUST(ours.has_value() == bool(cli) && ours == cloud);
  if (ours) {
    MUST(*ours == *cli);
    MUST(qcloud::base64url(*ours) == text);
  }
  auto wrapped = qcloud::from_base64(text);
  MUST(wrapped == refcloud::unbase64(text));
  if (wrapped) MUST(qcloud::from_base64(qcloud::base64(*wrapped)) == wrapped);

  MUST(qcloud::from_base64url(qcloud::base64url(text)) == text);
  MUST(qcloud::from_base64(qcloud::base64(text)) == text);
  MUST(qcloud::base64(text) == refcloud::base64(text) &&
       qcloud::base64url(text) == refcloud::base64url(text));
  MUST(qcloud::hex(qcloud::sha256(text)) == refcloud::sha256_hex(text));
  MUST(qcloud::cli::sha256_hex(text) == refcloud::sha256_hex(text));

  if (auto form = refcloud::parse_form(text)) {
    std::string again;
    for (const auto& [name, value] : *form)
      again += (again.empty() ? "" : "&") + refcloud::url_encode(name) + '=' + refcloud::url_encode(value);
    MUST(refcloud::parse_form(again) == form);
  }
  return 0;
}
