#include "agent/features/link/switchboard/tls_end.hpp"

#include <openssl/err.h>

#include "agent/features/link/switchboard/switchboard.hpp"

namespace qcloud::link {
namespace {

constexpr int piece = 16 * 1024;  // one record

}  // namespace

TlsEnd::TlsEnd(SSL_CTX* context, Visit& visit)
    : ssl_(SSL_new(context)), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())), visit_(visit) {
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_accept_state(ssl_.get());
}

Task<int> TlsEnd::feed() {
  auto bytes = co_await visit_.received();
  if (!bytes) co_return -1;
  if (bytes->empty()) co_return 0;
  auto count = std::min<std::size_t>(bytes->size(), 64 * 1024);
  BIO_write(in_, bytes->data(), static_cast<int>(count));
  visit_.passed_on(count);
  co_return 1;
}

Task<bool> TlsEnd::flush() {
  // Both directions may want to: one at a time, it takes the other's bytes along.
  if (flushing_) co_return true;
  struct Mark {
    bool& flag;
    explicit Mark(bool& f) : flag(f) { flag = true; }
    ~Mark() { flag = false; }
  } mark(flushing_);
  while (auto pending = BIO_ctrl_pending(out_)) {
    auto place = co_await visit_.room(pending);
    if (!place) co_return false;
    auto count = BIO_read(out_, place->data(), static_cast<int>(place->size()));
    if (count <= 0) break;
    visit_.commit(static_cast<std::size_t>(count));
  }
  co_return true;
}

Task<bool> TlsEnd::shake_hands() {
  for (;;) {
    ERR_clear_error();
    int done = SSL_do_handshake(ssl_.get());
    int wanted = SSL_get_error(ssl_.get(), done);
    bool sent = co_await flush();  // also the alert that says why not
    if (done == 1) co_return sent;
    if (!sent || wanted != SSL_ERROR_WANT_READ) co_return false;
    int fed = co_await feed();
    if (fed <= 0) co_return false;
  }
}

Task<bool> TlsEnd::inward(LocalStream* service) {
  std::unique_ptr<char[]> buffer(new char[piece]);
  for (;;) {
    ERR_clear_error();
    int got = SSL_read(ssl_.get(), buffer.get(), piece);
    if (got <= 0) {
      int why = SSL_get_error(ssl_.get(), got);
      bool ended = why == SSL_ERROR_ZERO_RETURN;
      if (!ended && why != SSL_ERROR_WANT_READ) co_return false;
      bool sent = co_await flush();
      if (!sent) co_return false;
      int fed = ended ? 0 : co_await feed();
      if (fed < 0) co_return false;
      if (fed > 0) continue;
      service->finish();
      co_return true;
    }
    bool taken = co_await hand_over(service, std::string(buffer.get(), static_cast<std::size_t>(got)));
    if (!taken) co_return false;
  }
}

Task<bool> TlsEnd::outward(LocalStream* service) {
  for (;;) {
    auto ready = co_await service->readable();
    if (!ready) co_return false;
    std::unique_ptr<char[]> buffer(new char[piece]);
    auto got = service->read({buffer.get(), piece});
    if (!got) co_return false;
    if (!*got) continue;
    ERR_clear_error();
    bool ended = **got == 0;
    if (ended)
      SSL_shutdown(ssl_.get());
    else if (SSL_write(ssl_.get(), buffer.get(), static_cast<int>(**got)) <= 0)
      co_return false;
    bool sent = co_await flush();
    if (!sent) co_return false;
    if (ended) {
      visit_.finish();
      co_return true;
    }
  }
}

}  // namespace qcloud::link
