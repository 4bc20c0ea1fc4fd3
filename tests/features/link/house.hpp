// A box with services, visitors who come over one attachment, and a switchboard between them.
#pragma once

#include "agent/features/link/switchboard/switchboard.hpp"
#include "tests/features/link/fake_service.hpp"
#include "tests/features/link/session_world.hpp"
#include "tests/features/link/tls_visitor.hpp"

namespace unit {
using namespace qcloud;
using namespace qcloud::link;

struct House {
  SessionWorld world;
  unit::FakeDial dial{world.io.get_executor()};
  Services services{{"web", "127.0.0.1", 8443},
                    {"down", "127.0.0.1", unit::FakeDial::down},
                    {"slow", "127.0.0.1", unit::FakeDial::slow},
                    {"here", "127.0.0.1", 80, Tls::here},
                    {"told", "127.0.0.1", 81, Tls::through, true},
                    {"admin", "127.0.0.1", 82, Tls::through, false, true}};
  std::vector<VisitRecord> records;
  unit::TlsVisitor::Box box;
  bool certified = true;
  Switchboard board{{world.io.get_executor(), world.clock, dial, world.budget,
                     [this] { return world.session.full(); },
                     [this]() -> const Services& { return services; }, [this] { return fqdn; },
                     [this] { return certified ? box.ends.make(box.pem) : nullptr; },
                     [this](VisitRecord record) { records.push_back(std::move(record)); }}};
  std::string fqdn = "nas1.mynas.test";
  std::uint32_t next = 1;
  nghttp2_hd_inflater* inflater = nullptr;
  std::map<std::uint32_t, std::string> statuses;

  explicit House(Limits limits = {}) : world(limits) {
    world.greeted();
    nghttp2_hd_inflate_new(&inflater);
  }
  ~House() {
    world.visits.clear();
    unit::finish(world.io, board.stop());
    nghttp2_hd_inflate_del(inflater);
  }
  // A visitor comes; the number of his stream.
  std::uint32_t visit(std::string_view service, std::string_view source = "5.6.7.99",
                      std::string_view port = "443") {
    auto id = next;
    next += 2;
    auto host = (service.empty() ? "" : std::string(service) + ".") + "nas1.mynas.test:" + std::string(port);
    auto from = source.find(':') == source.npos ? std::string(source) : "[" + std::string(source) + "]";
    world.say(frames::connect(id, host, frames::field("forwarded", "for=\"" + from + ":51820\"")));
    if (!world.visits.empty()) board.take(std::exchange(world.visits, {}).back());
    world.listen();
    return id;
  }
  // What the box answered; empty: nothing yet. Headers are decoded in the order in which they came.
  std::string status(std::uint32_t id) {
    world.listen();
    std::erase_if(world.seen, [&](const frames::Seen& frame) {
      if (frame.type != frames::headers) return false;
      auto* at = reinterpret_cast<const std::uint8_t*>(frame.payload.data());
      auto left = frame.payload.size();
      for (int flags = 0; !(flags & NGHTTP2_HD_INFLATE_FINAL);) {
        nghttp2_nv field;
        auto used = nghttp2_hd_inflate_hd2(inflater, &field, &flags, at, left, 1);
        REQUIRE(used >= 0);
        at += used;
        left -= static_cast<std::size_t>(used);
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
          statuses[frame.stream] = std::string(reinterpret_cast<const char*>(field.value), field.valuelen);
      }
      nghttp2_hd_inflate_end_headers(inflater);
      return true;
    });
    return statuses[id];
  }
  void data(std::uint32_t id, std::string_view bytes, bool last = false) {
    world.say(frames::frame(frames::data, last ? frames::end_stream : 0, id, bytes));
  }
  // The relay takes so much more of what is for him.
  void widen(std::uint32_t id, std::uint32_t bytes) {
    world.say(frames::frame(frames::window, 0, 0, frames::number(bytes, 4)) +
              frames::frame(frames::window, 0, id, frames::number(bytes, 4)));
  }
  // The service has spoken, and the visitor has answered: he is no stranger who only knocked.
  void talk(std::uint32_t id) {
    auto& service = *dial.served[(id - 1) / 2];
    service.gives += "hello";
    service.wake();
    world.listen();
    data(id, "hello");
  }
  void leave(std::uint32_t id) { world.say(frames::frame(frames::rst, 0, id, frames::number(8, 4))); }
};

}  // namespace unit
