#include "tests/cloud/adapter/pdns.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "tests/cloud/json.hpp"

namespace refcloud {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr int ttl = 60;
const std::string zones = "/api/v1/servers/localhost/zones";

json::object rrset(const std::string& fqdn, std::string_view type,
                   const std::vector<std::string>& addresses) {
  json::object out{{"name", fqdn + '.'}, {"type", type}};
  if (addresses.empty()) {
    out["changetype"] = "DELETE";
    return out;
  }
  json::array records;
  for (const auto& address : addresses)
    records.push_back(json::object{{"content", address}, {"disabled", false}});
  out["changetype"] = "REPLACE";
  out["ttl"] = ttl;
  out["records"] = std::move(records);
  return out;
}

}  // namespace

PowerDns::PowerDns(const std::string& url, std::string api_key, std::string zone)
    : api_key_(std::move(api_key)), zone_(std::move(zone) + '.') {
  const auto parsed = boost::urls::parse_uri(url);
  if (parsed && parsed->scheme() == "http") {
    beast::error_code failed;
    const auto address = asio::ip::make_address(std::string(parsed->host_address()), failed);
    const std::uint16_t port = parsed->has_port() ? parsed->port_number() : 80;
    if (!failed && port != 0) server_ = {address, port};
  }
  if (server_.port() == 0) throw std::invalid_argument("--pdns-url must be http://ADDRESS:PORT");
}

int PowerDns::call(std::string_view method, const std::string& path, const std::string& body) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  http::request<http::string_body> request{http::string_to_verb(method), path, 11, body};
  request.set(http::field::host, server_.address().to_string());
  request.set("X-API-Key", api_key_);
  request.set(http::field::content_type, "application/json");
  request.keep_alive(false);
  request.prepare_payload();
  http::response<http::string_body> response;
  beast::flat_buffer buffer;
  int status = 0;

  stream.expires_after(std::chrono::seconds(2));
  stream.async_connect(server_, [&](beast::error_code failed) {
    if (failed) return;
    http::async_write(stream, request, [&](beast::error_code failed, std::size_t) {
      if (failed) return;
      http::async_read(stream, buffer, response, [&](beast::error_code failed, std::size_t) {
        if (!failed) status = response.result_int();
      });
    });
  });
  io.run();
  if (status >= 400 && status != 404)
    std::fprintf(stderr, "refcloud: PowerDNS answers %d to %.*s %s: %s\n", status,
                 static_cast<int>(method.size()), method.data(), path.c_str(), response.body().c_str());
  return status;
}

bool PowerDns::prepare() {
  int status = call("GET", zones + '/' + zone_ + "?rrsets=false", {});
  if (status == 404)
    status = call("POST", zones,
                  json::serialize(json::object{{"name", zone_},
                                               {"kind", "Native"},
                                               {"nameservers", json::array{"ns1." + zone_}},
                                               {"api_rectify", false}}));
  if (status != 200 && status != 201) return false;
  ready_ = call("PUT", zones + '/' + zone_, R"({"api_rectify":false})") == 204;
  return ready_;
}

bool PowerDns::replace(const std::vector<NameRecords>& names) {
  if (!ready_ && !prepare()) return false;
  json::array rrsets;
  for (const auto& [fqdn, records] : names) {
    rrsets.push_back(rrset(fqdn, "A", records.a));
    rrsets.push_back(rrset(fqdn, "AAAA", records.aaaa));
  }
  const int status = call("PATCH", zones + '/' + zone_, json::serialize(json::object{{"rrsets", rrsets}}));
  // A zone that somebody deleted is made again by the next call.
  if (status == 404) ready_ = false;
  return status == 204 || status == 200;
}

}  // namespace refcloud
