// The server's TLS: 1.2 and up, client certificates asked for but not required.
//
// The handshake checks that a client certificate comes from our CA and that the client has its key. Dates and
// revocation are the handlers' business: an expired certificate must get as far as simplereenroll, and a
// removed NAS must get its receipt rather than an alert.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <string>

#include "tests/cloud/adapter/folder.hpp"

namespace refcloud {

/// `keylog`: a file that gets the session secrets (NSS format, as SSLKEYLOGFILE), empty for none. For tests
/// that read a capture.
boost::asio::ssl::context make_tls(const Folder::Server&, const Keys&, const std::string& keylog);

}  // namespace refcloud
