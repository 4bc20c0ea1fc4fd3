// A box that does what the test says: no kernel, no file, no clock. For unit tests and the simulation.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <initializer_list>
#include <set>
#include <string_view>
#include <vector>

#include "platform/platform.hpp"

namespace qcloud {

class FakePlatform {
 public:
  // Made like the other platforms; nothing here waits, so the executor is not kept.
  explicit FakePlatform(const boost::asio::any_io_executor& executor = {});
  FakePlatform(const FakePlatform&) = delete;

  // Facts, paths and `initialized` may be written; the capabilities below change by the setters.
  Platform& platform() { return platform_; }
  operator Platform&() { return platform_; }

  // A family with an address has a default route too, until set_routes says otherwise.
  void set_addresses(std::initializer_list<std::string_view> texts);
  void set_addresses(std::vector<LocalAddress> addresses);
  void set_routes(bool route4, bool route6);

  void set_hardware(std::string digest) { platform_.facts.hardware = std::move(digest); }
  void set_boot_id(std::string id) { platform_.facts.boot_id = std::move(id); }
  void set_clock_synchronized(bool yes) { system_.synchronized = yes; }  // as on a healthy box: true
  void set_web_proxy(std::string url) { system_.proxy = std::move(url); }
  void set_disk_awake(bool awake) { disk_.is_awake = awake; }
  // root always is one.
  void set_admins(std::set<uid_t> uids) { auth_.admins = std::move(uids); }

 private:
  struct Disk final : DiskActivity {
    bool awake() override { return is_awake; }
    bool is_awake = true;
  };
  struct Auth final : SessionAuth {
    bool admin(uid_t uid, gid_t) override { return uid == 0 || admins.contains(uid); }
    std::set<uid_t> admins;
  };

  struct System final : SystemSettings {
    bool clock_synchronized() override { return synchronized; }
    std::string web_proxy() override { return proxy; }
    bool synchronized = true;
    std::string proxy;
  };

  NetWatch net_;
  Disk disk_;
  Auth auth_;
  System system_;
  Platform platform_;
};

// "5.6.7.8" on eth0. The text must be an address: anything else ends the test program.
LocalAddress fake_address(std::string_view text, std::string_view interface = "eth0", bool temporary = false,
                          bool deprecated = false);

}  // namespace qcloud
