// Registration's messages, and the parsers of what comes back (RFC 8628 section 3.2, RFC 6749
// section 5). Pure.
#pragma once

#include <string>
#include <vector>

#include "agent/features/enroll/manifest.hpp"
#include "agent/features/enroll/policy.hpp"
#include "agent/gate/answer.hpp"
#include "agent/gate/message.hpp"

namespace qcloud::enroll {

using Out = Message<manifest>;

Out device_authorization(const Value<DataClass::device_model>& model,
                         const Value<DataClass::device_name>& name,
                         const Value<DataClass::serial_tail>& tail);
Out token(const Value<DataClass::one_time_code>& device_code);
Out simple_enroll(const Value<DataClass::one_time_code>& access_token,
                  const Value<DataClass::public_key>& request);
Out simple_reenroll(const Value<DataClass::public_key>& request);
Out device();
Out claim_name(const Value<DataClass::public_name>& name);
Out release_name();
Out get_audience();
Out set_audience(const Value<DataClass::audience>& who, const Value<DataClass::invited_account>& invited);
Out correct(const Value<DataClass::device_name>& device_name);

struct DeviceCode {
  Value<DataClass::one_time_code> device_code;
  std::string user_code;
  std::string verification_uri;
  std::string verification_uri_complete;  // may be empty
  seconds expires_in;
  seconds interval;
};
Result<DeviceCode> parse_device_authorization(const Answer& answer);

TokenAnswer classify_token(const Answer& answer);

struct DeviceInfo {
  std::string account, name, fqdn, zone;
};
Result<DeviceInfo> parse_device(const Answer& answer);

// Who may look the box up, as the cloud has it.
struct Audience {
  std::string audience;  // everyone, invited, owner
  std::vector<std::string> invited;
};
Result<Audience> parse_audience(const Answer& answer);

}  // namespace qcloud::enroll
