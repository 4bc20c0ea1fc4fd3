#include "tests/cloud/adapter/tls.hpp"

#include <openssl/ssl.h>

#include <cstdio>

namespace refcloud {
namespace {

namespace ssl = boost::asio::ssl;

int keylog_slot() {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr,
                                                   [](void*, void* file, CRYPTO_EX_DATA*, int, long, void*) {
                                                     if (file) std::fclose(static_cast<std::FILE*>(file));
                                                   });
  return slot;
}

void log_secret(const SSL* connection, const char* line) {
  auto* const file = static_cast<std::FILE*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), keylog_slot()));
  std::fprintf(file, "%s\n", line);
  std::fflush(file);
}

}  // namespace

ssl::context make_tls(const Folder::Server& server, const Keys& keys, const std::string& keylog) {
  ssl::context context(ssl::context::tls_server);
  auto* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  context.use_private_key(boost::asio::buffer(server.key), ssl::context::pem);
  context.use_certificate_chain(boost::asio::buffer(server.certificate));

  X509_STORE_add_cert(SSL_CTX_get_cert_store(native), keys.ca.get());
  SSL_CTX_add_client_CA(native, keys.ca.get());
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_NO_CHECK_TIME);

  // Resumption from a cache on this side: no tickets, whose key would have to be kept and rotated.
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  static constexpr unsigned char id[] = "refcloud";
  SSL_CTX_set_session_id_context(native, id, sizeof id - 1);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(native, 100'000);
  SSL_CTX_set_timeout(native, 24L * 3600);
  // An idle connection gives its buffers back; thousands of watches hang most of the time.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);

  if (!keylog.empty()) {
    SSL_CTX_set_ex_data(native, keylog_slot(),
                        must(std::fopen(keylog.c_str(), "ae"), "cannot open the key log"));
    SSL_CTX_set_keylog_callback(native, log_secret);
  }
  return context;
}

}  // namespace refcloud
