// A request line of the local API -> match; what the owner typed -> owner_name.
#include "agent/control/api.hpp"
#include "agent/control/owner_words.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<qcloud::Route> routes = [] {
    std::vector<qcloud::Route> out;
    for (auto [method, path] : {std::pair{"GET", "/v1/status"},
                                {"PUT", "/v1/features/{name}"},
                                {"GET", "/v1/receipts"},
                                {"GET", "/v1/receipts/{id}"},
                                {"GET", "/v1/ledger"},
                                {"POST", "/v1/registration"},
                                {"DELETE", "/v1/registration"},
                                {"GET", "/v1/a/{b}/c/{d}"}}) {
      qcloud::Route route;
      route.method = method;
      route.path = path;
      out.push_back(std::move(route));
    }
    return out;
  }();
  std::string text(reinterpret_cast<const char*>(data), size);
  for (const char* method : {"GET", "PUT", "POST", "DELETE", "", "get"}) {
    auto match = qcloud::match(routes, method, text);
    MUST(!match.route || (match.path_known && match.route->method == method));
    MUST(match.path_known == !match.allow.empty());
    if (match.route) MUST(text.starts_with('/'));
    for (const auto& [name, value] : match.request.path) MUST(!name.empty() && !value.empty());
  }
  if (auto name = qcloud::owner_name(text)) {
    auto word = std::string(name->json().as_string());
    MUST(word.size() >= 3 && word.size() <= 32 && word.size() == size);
    MUST(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
    MUST(word.front() != '-' && word.back() != '-' && word.find("--") == std::string::npos);
  } else {
    MUST(name.error().code == "name.invalid" && !name.error().fix.empty());
  }
  return 0;
}
