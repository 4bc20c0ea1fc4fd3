#include "tests/cloud/relay/hello.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <vector>

using namespace refrelay;
using State = HelloReader::State;

namespace {

// What OpenSSL says first.
std::string of_openssl(const char* name, const std::string& padding = "") {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  if (name) SSL_set_tlsext_host_name(ssl, name);
  if (!padding.empty())
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(padding.data()),
                        static_cast<unsigned>(padding.size()));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl);
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(out, &bytes);
  std::string hello(bytes, static_cast<std::size_t>(size));
  SSL_free(ssl);
  SSL_CTX_free(context);
  return hello;
}

std::string number(std::size_t value, int width) {
  std::string out;
  while (width-- > 0) out += static_cast<char>(value >> (8 * width));
  return out;
}
std::string counted(const std::string& bytes, int width) { return number(bytes.size(), width) + bytes; }
std::string extension(int type, const std::string& data) {
  return number(static_cast<std::size_t>(type), 2) + counted(data, 2);
}
std::string entry(const std::string& name, int kind = 0) {
  return number(static_cast<std::size_t>(kind), 1) + counted(name, 2);
}
std::string names(const std::string& entries) { return extension(0, counted(entries, 2)); }
std::string message(const std::string& extensions) {
  std::string body = "\x03\x03" + std::string(32, 'r') + counted("", 1) + counted("\x13\x01", 2) +
                     counted(std::string(1, 0), 1) + counted(extensions, 2);
  return '\x01' + counted(body, 3);
}
std::string record(const std::string& content) { return "\x16\x03\x01" + counted(content, 2); }
std::string records(const std::string& content, std::size_t each) {
  std::string out;
  for (std::size_t at = 0; at < content.size(); at += each) out += record(content.substr(at, each));
  return out;
}

HelloReader read(const std::string& bytes, std::size_t each = 1 << 20) {
  HelloReader out;
  for (std::size_t at = 0; at < bytes.size(); at += each) out.add(std::string_view(bytes).substr(at, each));
  return out;
}
State state(const std::string& bytes) { return read(bytes).state(); }
State named(const std::string& name) { return state(record(message(names(entry(name))))); }

}  // namespace

TEST_CASE("a ClientHello of OpenSSL: the name is found, whole or byte by byte") {
  auto hello = of_openssl("nas1.mynas.test");
  for (std::size_t each : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    auto reader = read(hello, each);
    CHECK(reader.state() == State::named);
    CHECK(reader.name() == "nas1.mynas.test");
    CHECK(reader.bytes() == hello);  // the box gets every byte of it
  }
}

TEST_CASE("every truncation of it is incomplete, and none says a name") {
  auto hello = of_openssl("nas1.mynas.test");
  for (std::size_t size = 0; size < hello.size(); ++size) {
    auto reader = read(hello.substr(0, size));
    REQUIRE(reader.state() == State::incomplete);
    REQUIRE(reader.name().empty());
  }
}

TEST_CASE("a message in several records, cut anywhere, also within its own head") {
  auto hello = of_openssl("nas1.mynas.test").substr(5);
  for (std::size_t each :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{100}, hello.size() - 1}) {
    auto bytes = records(hello, each);
    CHECK(state(bytes) == State::named);
    CHECK(read(bytes, 1).name() == "nas1.mynas.test");
  }
}

TEST_CASE("what follows the ClientHello is kept for the box") {
  auto hello = of_openssl("nas1.mynas.test");
  auto reader = read(hello + "early data");
  CHECK(reader.state() == State::named);
  CHECK(reader.bytes() == hello + "early data");
}

TEST_CASE("a large key share, as of ML-KEM, and encrypted ClientHello: the outer name counts") {
  auto share = extension(51, counted(number(0x11ec, 2) + counted(std::string(1184 + 32, 'k'), 2), 2));
  auto encrypted = extension(0xfe0d, std::string(1, 0) + number(1, 2) + number(1, 2) + std::string(1, 7) +
                                         counted("k", 2) + counted(std::string(500, 'e'), 2));
  auto reader = read(records(message(encrypted + share + names(entry("nas1.mynas.test"))), 600), 11);
  CHECK(reader.state() == State::named);
  CHECK(reader.name() == "nas1.mynas.test");
}

TEST_CASE("names: one, in letters; lower case and without the root's dot from then on") {
  CHECK(read(record(message(names(entry("nas1.mynas.test."))))).name() == "nas1.mynas.test");
  CHECK(read(record(message(names(entry("NAS1.MyNas.Test"))))).name() == "nas1.mynas.test");
  CHECK(named("a_b.test") == State::named);
  CHECK(named("1.test") == State::named);
  CHECK(named("test") == State::named);
  using namespace std::string_literals;
  for (const auto& bad : {""s, "."s, ".nas1.test"s, "nas1..test"s, "nas1.mynas.test.."s, "nas1.test\0.evil"s,
                          "nas1.test/x"s, "nas1 .test"s, "n\r\n.test"s, "5.6.7.8"s, "2a0b::1"s, "[2a0b::1]"s,
                          "nas1.t\xc3\xa9st"s, "12"s, std::string(254, 'a')})
    CHECK_MESSAGE(named(bad) == State::nameless, bad);
}

TEST_CASE("no name, two names, names that are no host names: nobody is meant") {
  CHECK(state(of_openssl(nullptr)) == State::nameless);
  CHECK(state(record(message(""))) == State::nameless);
  CHECK(state(record(message(names(entry("a.test") + entry("b.test"))))) == State::nameless);
  CHECK(state(record(message(names(entry("a.test", 1))))) == State::nameless);
  CHECK(state(record(message(extension(0, "")))) == State::nameless);
  CHECK(state(record(message(names(entry("a.test")) + names(entry("b.test"))))) == State::garbage);
}

TEST_CASE("a ClientHello of old, without extensions, is one") {
  std::string body = "\x03\x01" + std::string(32, 'r') + counted("", 1) +
                     counted(std::string("\x00\x2f", 2), 2) + counted(std::string(1, 0), 1);
  CHECK(state(record('\x01' + counted(body, 3))) == State::nameless);
}

TEST_CASE("garbage is known as early as it can be") {
  CHECK(state("G") == State::garbage);
  CHECK(state("SSH-2.0-x\r\n") == State::garbage);
  CHECK(state("\x16\x02") == State::garbage);
  CHECK(state(std::string("\x16\x03\x01\x00\x00", 5)) == State::garbage);  // an empty record
  CHECK(state("\x16\x03\x01\x40\x01") == State::garbage);                  // a record above 2^14
  CHECK(state(record("\x02")) == State::garbage);                          // another message
  CHECK(state(record(std::string("\x01\x00\x40\x00", 4))) ==
        State::garbage);  // a message above what is borne
  CHECK(state(record(std::string("\x01\x00\x00\x01x", 5))) == State::garbage);
  auto whole = message(names(entry("a.test")));
  // Lengths inside that contradict each other.
  for (std::size_t at = 4; at < whole.size(); ++at) {
    auto broken = whole;
    broken[at] = '\xff';
    HelloReader reader = read(record(broken));
    CHECK((reader.state() != State::named || reader.name() == "a.test" || at >= whole.size() - 6));
  }
  CHECK(state(record("\x01" + counted(whole.substr(4) + "more", 3))) == State::garbage);
}

TEST_CASE("the bound holds to the byte, however the bytes come") {
  auto fill = [](std::size_t total) {  // one record, `total` bytes with its head
    auto rest = total - record(message(extension(21, "") + names(entry("a.test")))).size();
    return record(message(extension(21, std::string(rest, 0)) + names(entry("a.test"))));
  };
  CHECK(fill(largest_hello).size() == largest_hello);
  CHECK(state(fill(largest_hello)) == State::named);
  CHECK(state(fill(largest_hello + 1)) == State::garbage);
  HelloReader reader;
  auto dripped = records(message(extension(21, std::string(9000, 0)) + names(entry("a.test"))), 1);
  std::size_t taken = 0;
  while (reader.state() == State::incomplete) {
    REQUIRE(reader.room() > 0);
    reader.add(std::string_view(dripped).substr(taken++, 1));
  }
  CHECK(reader.state() == State::garbage);
  CHECK(taken == largest_hello);
}
