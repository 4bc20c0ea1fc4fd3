#include "agent/net/tls_end.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace qcloud {
namespace {

class End final : public TlsEnd {
 public:
  explicit End(SSL_CTX* context) : ssl_(SSL_new(context)) {
    BIO* bio = BIO_new(method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
  }

  Opened open(std::span<const char>& records, std::span<char> into) override {
    records_ = records;
    auto opened = step(into);
    records = std::exchange(records_, {});
    return opened;
  }
  bool secured() const override { return SSL_is_init_finished(ssl_.get()) && !failed_; }
  bool seal(std::span<const char> bytes) override {
    if (!secured()) return false;
    ERR_clear_error();
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  void finish() override {
    ERR_clear_error();
    if (secured()) SSL_shutdown(ssl_.get());
  }
  std::span<const char> pending() const override { return std::span<const char>(out_).subspan(gone_); }
  void sent(std::size_t count) override {
    gone_ += count;
    if (gone_ == out_.size())
      out_ = {};
    else if (gone_ >= out_.size() - gone_)  // or it would be kept for as long as something waits
      out_.erase(0, gone_);
    else
      return;
    gone_ = 0;
  }

 private:
  Opened step(std::span<char> into) {
    while (!failed_) {
      ERR_clear_error();
      int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
      if (got > 0) return {Step::bytes, static_cast<std::size_t>(got)};
      int why = SSL_get_error(ssl_.get(), got);
      if (why == SSL_ERROR_ZERO_RETURN) return {Step::ended};
      if (why != SSL_ERROR_WANT_READ) break;
      if (records_.empty() || pending().size() >= enough) return {Step::hungry};
    }
    failed_ = true;
    return {Step::failed};
  }

  // A BIO over this object: reads from records_, writes to out_, copies nothing else.
  static End& self(BIO* bio) { return *static_cast<End*>(BIO_get_data(bio)); }
  static int take(BIO* bio, char* into, int most) {
    auto& records = self(bio).records_;
    BIO_clear_retry_flags(bio);
    if (records.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    auto count = std::min(static_cast<std::size_t>(most), records.size());
    std::memcpy(into, records.data(), count);
    records = records.subspan(count);
    return static_cast<int>(count);
  }
  static int put(BIO* bio, const char* from, int count) {
    self(bio).out_.append(from, static_cast<std::size_t>(count));
    return count;
  }
  static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }
  static const BIO_METHOD* method() {
    static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made = [] {
      BIO_METHOD* table = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tls end");
      BIO_meth_set_read(table, take);
      BIO_meth_set_write(table, put);
      BIO_meth_set_ctrl(table, control);
      return std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)>(table, BIO_meth_free);
    }();
    return made.get();
  }

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  std::span<const char> records_;  // of the open() that runs
  std::string out_;
  std::size_t gone_ = 0;  // of out_
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<TlsEnd> OpenSslEnds::make(const std::string& pem) {
  if (pem.empty()) return nullptr;
  if (pem != pem_) {
    std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                 BIO_free);
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_server_method()));
    bool fine = context && key && certificate &&
                SSL_CTX_use_certificate(context.get(), certificate.get()) == 1 &&
                SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1;
    ERR_clear_error();
    if (!fine) return nullptr;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    // One message at a time, so that a peer who only provokes answers is noticed.
    SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_PRIORITIZE_CHACHA);
    // Tickets make resuming work; a cache of sessions would hold memory for each visitor.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    context_ = std::move(context);
    pem_ = pem;
  }
  return std::make_unique<End>(context_.get());
}

}  // namespace qcloud
