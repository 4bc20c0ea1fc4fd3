// Certificates for servers of the tests, made with OpenSSL alone.
#pragma once

#include <ctime>
#include <memory>
#include <string>

#include "tests/identity/openssl.hpp"

namespace net_test {

struct Issued {
  unit::Key key;
  unit::Cert certificate;
};

struct Wanted {
  std::string cn = "127.0.0.1";
  std::string san = "IP:127.0.0.1";  // empty: none
  long long from = std::time(nullptr) - 3600, until = std::time(nullptr) + 86400;
  bool ca = false;
};

// Signed by `issuer`; by itself when that is null.
Issued issue(const Wanted& wanted, const Issued* issuer);
std::string pem(X509* certificate);

}  // namespace net_test
