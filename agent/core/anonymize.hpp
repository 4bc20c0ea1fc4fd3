// The one anonymizer (promise A8), used by every log sink and bundle.
//   mail addresses            removed
//   IPv4 addresses            last byte masked: 5.6.7.x
//   IPv6 addresses            all but the first 48 bits masked: 2a0b:1:2::x
//   MAC addresses             removed, in the notations of ':', '-' and '.', and as twelve bare digits
//   serial numbers            removed: behind a telling key, and what has the shape of one
//   account names, secrets    removed: values behind a telling key (user, owner, token, password, ...), in
//                             URLs and home folders, JWTs, PEM blocks, and runs of token characters
//   values known to this box  removed wherever they stand, in any case
// Each in plain text, JSON (also escaped inside JSON), URLs (percent-encoded, also twice), XML and file
// names. In doubt it removes. Times, versions and dotted codes stay readable.
// Idempotent; time grows with the length of the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qcloud {

// What this box knows to be personal: account, public name, host name, device id, serial number.
class KnownValues {
 public:
  KnownValues() = default;
  // Of less than three characters: ignored. Of three, or told to be `words`: removed as whole words only.
  explicit KnownValues(const std::vector<std::string>& values, const std::vector<std::string>& words = {});

  struct One {
    std::string lower;
    bool whole_word;
  };
  const std::vector<One>& all() const { return all_; }

 private:
  std::vector<One> all_;  // the longest first
};

std::string anonymize(std::string_view text, const KnownValues& known = {});

// Would a value behind this key be removed? For documents that are walked member by member.
bool telling_key(std::string_view key);

}  // namespace qcloud
