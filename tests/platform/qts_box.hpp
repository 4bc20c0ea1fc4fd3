// A copy of a fixture (tests/fixtures/qts), opened as the agent opens it.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "platform/open.hpp"
#include "tests/platform/fixture.hpp"
#include "tests/platform/set_clock.hpp"

struct QtsBox {
  Tree tree;
  boost::asio::io_context context;
  SetClock clock;
  std::unique_ptr<qcloud::Box> box;

  explicit QtsBox(const std::string& fixture) { tree.copy(fixture); }

  qcloud::Platform& open(const std::string& state_dir = "", const std::string& kind = "auto") {
    box.reset();
    auto opened = qcloud::open_platform(kind, context.get_executor(), clock, options(state_dir));
    REQUIRE(opened);
    box = *std::move(opened);
    return box->platform();
  }
  qcloud::PlatformOptions options(const std::string& state_dir = "") const {
    return {.root = tree.path(), .state_dir = state_dir};
  }
  std::string at(const std::string& path) const { return tree.path() + "/" + path; }
};

inline std::string text(const auto& value) { return std::string(value.json().as_string()); }
