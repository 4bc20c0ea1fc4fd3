#include "agent/net/tls_sessions.hpp"

namespace qcloud {

bool TlsSessions::Entry::is(const Key& key) const {
  if (owner != key.owner || host != key.host || anonymous != !key.identity) return false;
  return anonymous || identity.lock() == key.identity;
}

TlsSessions::Session TlsSessions::take(const Key& key) {
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (!at->is(key)) continue;
    auto session = std::move(at->session);
    entries_.erase(at);
    return session;
  }
  return nullptr;
}

void TlsSessions::keep(const Key& key, Session session) {
  entries_.remove_if([&](const Entry& e) { return e.is(key) || (!e.anonymous && e.identity.expired()); });
  entries_.push_back({key.owner, key.host, !key.identity, key.identity, std::move(session)});
}

void TlsSessions::forget(const Meter* owner) {
  entries_.remove_if([&](const Entry& e) { return e.owner == owner; });
}

}  // namespace qcloud
