// One house: a box with its disk, its agent and its path to the cloud. The shipped Agent runs in it.
#pragma once

#include <memory>

#include "agent/app/operations.hpp"
#include "agent/gate/local_dial.hpp"
#include "platform/fake/fake_platform.hpp"
#include "tests/sim/sim_disk.hpp"
#include "tests/sim/sim_net.hpp"

namespace sim {

struct World {
  explicit World(std::uint64_t seed);
  boost::asio::io_context io;
  Time time{io};
  Verdict verdict;
  Counters counters;
  CloudHost host;
  SimRng rng;
  // Runs a coroutine to its end, however long that takes in virtual time.
  void play(Task<void> script);
};

// No service answers in this house.
class NoServices : public qcloud::LocalDial {
 public:
  Task<qcloud::Result<std::unique_ptr<qcloud::LocalStream>>> dial(std::string, std::uint16_t) override {
    co_return qcloud::Error{"local.refused", qcloud::Retry::retry_soon, "", ""};
  }
};

class House {
 public:
  House(World& world, std::string account, std::uint64_t seed);
  ~House();

  // Power on: opens the state, starts the agent. False when the state cannot be used.
  bool start();
  Task<void> shut_down();
  // The power goes now (or went, at a write): what runs ends without a word, and the disk keeps what it has.
  Task<void> power_cut();
  bool running() const { return agent != nullptr; }

  // What an owner does, with the invariants' own books kept. True: confirmed.
  Task<bool> register_box();
  Task<bool> unregister();
  Task<bool> claim(std::string name);
  Task<bool> enable();
  Task<bool> disable();
  // Nothing may be sent any more but what an order needs.
  void all_off();

  // By when the box has certainly heard of what happened at the cloud.
  Millis news_within() const { return economy ? Millis(40min) : Millis(10min); }

  std::string device_id() const;
  void set_public_address(const std::string& address, bool own);
  // The books, brought back to what the disk says after an act that was cut off.
  void reconcile();

  World& world;
  std::string account;
  Disk disk;
  qcloud::FakePlatform platform;
  HouseClock clock;
  SimRng rng;
  SimTransport net;
  NoServices services;
  qcloud::Log log;
  std::unique_ptr<qcloud::Db> db;
  std::unique_ptr<qcloud::Agent> agent;
  std::unique_ptr<qcloud::Operations> owner;

  // Confirmed by the agent, so never to be lost.
  bool confirmed_on = false;
  bool confirmed_link = false;
  bool confirmed_registered = false;
  bool economy = false;         // set before the first start: no standing connection
  bool linked = false;          // enable() and disable() are for the link too
  std::set<std::string> filed;  // orders whose filing was confirmed

 private:
  Task<void> end_agent();
  int boots_ = 0;
};

}  // namespace sim
