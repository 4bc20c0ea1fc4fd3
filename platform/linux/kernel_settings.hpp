// SystemSettings of any Linux: what the kernel knows. It knows no web proxy.
#pragma once

#include "platform/platform.hpp"

struct timex;

namespace qcloud {

class KernelSettings final : public SystemSettings {
 public:
  bool clock_synchronized() override;
  std::string web_proxy() override { return ""; }
};

// What adjtimex(2) answered, judged: `answer` is its return value.
bool follows_ntp(int answer, const timex& kernel);

}  // namespace qcloud
