// The bytes of an answer: what is taken, what is passed over, what is refused (RFC 9112).
#include "agent/net/http_response.hpp"

#include <doctest/doctest.h>

using namespace qcloud;

namespace {

// All at once, and byte by byte: the same.
Result<HttpResponse> read(const std::string& bytes, bool close = true) {
  auto feed = [&](std::size_t step) -> Result<HttpResponse> {
    ResponseReader reader;
    for (std::size_t at = 0; at < bytes.size() && !reader.done(); at += step)
      if (auto status = reader.put(std::string_view(bytes).substr(at, step)); !status) return status.error();
    if (!reader.done() && !close) return Error{"more", Retry::retry_soon, "", ""};
    if (auto status = reader.end(); !status) return status.error();
    return reader.take();
  };
  auto whole = feed(bytes.size() + 1);
  if (bytes.size() < 4000) {
    auto pieces = feed(1);
    REQUIRE(bool(whole) == bool(pieces));
    if (whole) {
      CHECK(whole->status == pieces->status);
      CHECK(whole->body == pieces->body);
    } else {
      CHECK(whole.error().code.starts_with("net."));
      CHECK(pieces.error().code.starts_with("net."));
    }
  }
  return whole;
}
std::string code(const Result<HttpResponse>& r) { return r ? "" : r.error().code; }
std::string with(const std::string& headers, const std::string& body = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body;
}

}  // namespace

TEST_CASE("response: lengths, chunks, and the end of the connection") {
  CHECK(read(with("Content-Length: 2\r\n", "{}"), false)->body == "{}");
  CHECK(read(with("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: x\r\n\r\n"), false)
            ->body == "{}");
  CHECK(read(with("", "until the end"))->body == "until the end");
  CHECK(read("HTTP/1.0 200 OK\r\n\r\nold")->body == "old");
  CHECK(read("HTTP/1.1 204 No Content\r\n\r\n", false)->status == 204);
  CHECK(code(read(with("Content-Length: 5\r\n", "{}"))) == "net.reset");
  CHECK(code(read(with("Transfer-Encoding: chunked\r\n", "5\r\nab"))) == "net.reset");
  CHECK(code(read("HTTP/1.1 200 OK\r\nContent-")) == "net.reset");
  CHECK(code(read("")) == "net.reset");
}

TEST_CASE("response: interim answers are passed over (RFC 9110 section 15.2)") {
  auto early = std::string("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
  auto answer = read("HTTP/1.1 100 Continue\r\n\r\n" + early + with("Content-Length: 2\r\n", "{}"), false);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "{}");
  CHECK(code(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")) == "net.bad_answer");
  std::string forever;
  for (int i = 0; i < 30; ++i) forever += early;
  CHECK(code(read(forever + with(""))) == "net.bad_answer");
  CHECK(code(read(early)) == "net.reset");
}

TEST_CASE("response: what is needed of the header") {
  auto answer =
      read(with("Date: Mon, 23 Nov 2026 10:00:00 GMT\r\nRetry-After: Mon, 23 Nov 2026 10:02:00 GMT\r\n"
                "Content-Type: application/json\r\nLocation: https://login.example/\r\n"));
  REQUIRE(answer);
  CHECK(answer->retry_after == 120);
  CHECK(answer->content_type == "application/json");
  CHECK(answer->location == "https://login.example/");
  CHECK(to_rfc3339(*answer->date) == "2026-11-23T10:00:00Z");
  auto after = [](const std::string& value, const std::string& date = "") {
    return read(with(date + "Retry-After: " + value + "\r\n"))->retry_after;
  };
  CHECK(after("120") == 120);
  CHECK(after("0") == 1);
  CHECK(after("99999999999999999999") == 86400);
  CHECK(after("-5") == 0);
  CHECK(after("soon") == 0);
  CHECK(after("Mon, 23 Nov 2026 10:02:00 GMT") == 0);  // measured by what?
  CHECK(after("Mon, 23 Nov 2099 10:02:00 GMT", "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n") == 86400);
  CHECK(after("Mon, 23 Nov 2020 10:02:00 GMT", "Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n") == 1);
}

TEST_CASE("response: texts of strangers are made harmless") {
  auto answer =
      read(with("Location: http://x/\x1b[31m\xc3\xa9\r\nContent-Type: " + std::string(5000, 'a') + "\r\n"));
  if (answer) {
    CHECK(answer->location.find('\x1b') == std::string::npos);
    CHECK(answer->content_type.size() <= 200);
  }
}

TEST_CASE("response: what is too much is refused in words") {
  auto big = read(with("Content-Length: 5000000\r\n", std::string(5'000'000, 'x')));
  CHECK(code(big) == "net.bad_answer");
  CHECK(big.error().detail.find("256 KB") != std::string::npos);
  CHECK(code(read(with("", std::string(600'000, 'x')))) == "net.bad_answer");
  CHECK(code(read(with("X: " + std::string(20'000, 'x') + "\r\n"))) == "net.bad_answer");
  std::string flood;
  for (int i = 0; i < 3000; ++i) flood += "X-" + std::to_string(i) + ": y\r\n";
  auto flooded = read(with(flood));
  CHECK(code(flooded) == "net.bad_answer");
  CHECK(flooded.error().detail.find("header") != std::string::npos);
  // Chunked for ever: one byte of body, and much around it, again and again.
  ResponseReader reader;
  REQUIRE(reader.put(with("Transfer-Encoding: chunked\r\n")));
  std::string chunk = "1;" + std::string(4000, 'e') + "\r\nx\r\n";
  std::size_t fed = 0;
  while (fed < 10'000'000 && reader.put(chunk)) fed += chunk.size();
  CHECK(fed <= ResponseReader::wire_limit);
}

TEST_CASE("response: what breaks the rules is refused") {
  for (std::string bytes : {
           std::string("SSH-2.0-OpenSSH_9.2\r\n"),
           std::string("HTTP/2 200\r\n\r\n"),
           std::string("HTTP/1.1 099 x\r\n\r\n"),
           std::string("HTTP/1.1 000 x\r\n\r\n"),
           std::string("HTTP/1.1 2000 x\r\n\r\n"),
           std::string("<html>\r\n\r\n"),
           with("Content-Length: 2\r\nContent-Length: 3\r\n", "abc"),
           with("Content-Length: -1\r\n"),
           with("Content-Length: 99999999999999999999999\r\n"),
           with("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "{}"),
           with("Transfer-Encoding: chunked\r\n", "zz\r\n"),
           with("No colon here\r\n"),
           with(std::string("A: b\0c\r\n", 8)),
           with(std::string("A\0B: c\r\n", 8)),
       }) {
    CAPTURE(bytes);
    CHECK(code(read(bytes)) != "");
  }
}

TEST_CASE(
    "response: the answer to CONNECT ends with its header, whatever that says (RFC 9110 section 9.3.6)") {
  for (std::string header : {"Content-Length: 500", "Transfer-Encoding: chunked", "Connection: close"}) {
    CAPTURE(header);
    ResponseReader reader(ResponseReader::To::connect);
    REQUIRE(reader.put("HTTP/1.1 200 Connection established\r\n" + header.substr(0, 5)));
    CHECK_FALSE(reader.done());
    REQUIRE(reader.put(header.substr(5) + "\r\n\r\nX"));
    CHECK(reader.done());
    CHECK(reader.left_over() == 1);
    CHECK(reader.take().status == 200);
  }
  ResponseReader refused(ResponseReader::To::connect);
  REQUIRE(refused.put("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5000\r\n\r\n<html>"));
  CHECK(refused.done());
  CHECK(refused.take().status == 407);
}
