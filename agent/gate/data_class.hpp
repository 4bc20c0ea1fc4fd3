// Every value that may leave the box has a class. A feature's manifest names the classes it sends;
// the compiler refuses the others (promise A2).
#pragma once

#include <cstdint>
#include <string_view>

namespace qcloud {

enum class DataClass : std::uint8_t {
  protocol_constant,  // fixed by a standard or by the manifest; the same on every box
  request_id,         // random, made for one request or order
  one_time_code,      // a code or token that this peer gave us a moment ago
  server_cursor,      // the peer's own bookmark, given back
  device_id,          // the identifier that the cloud gave at registration
  public_key,         // the public half of the key made on this box, inside a signed request
  signed_order,       // a request of the owner, signed by the device key
  device_model,       // "TS-464"
  device_name,        // the box's own name on the LAN
  serial_tail,        // the last four characters of the serial number, so that the owner knows the box
  public_name,        // the name that the owner chose
  public_address,     // a globally reachable address of the box
  host_name,          // the name of a cloud host, asked of the resolver
  feature_name,       // which feature an owner's request is about
  relayed_bytes,      // what visitors and the services that the owner published say to each other
  audience,           // who may look the box up: everyone, invited accounts, the owner only
  invited_account,    // the login of an account that the owner invites
};

constexpr std::string_view to_string(DataClass c) {
  switch (c) {
    case DataClass::protocol_constant:
      return "protocol constant";
    case DataClass::request_id:
      return "request id";
    case DataClass::one_time_code:
      return "one-time code";
    case DataClass::server_cursor:
      return "server cursor";
    case DataClass::device_id:
      return "device id";
    case DataClass::public_key:
      return "public key";
    case DataClass::signed_order:
      return "signed order";
    case DataClass::device_model:
      return "device model";
    case DataClass::device_name:
      return "device name";
    case DataClass::serial_tail:
      return "last four characters of the serial number";
    case DataClass::public_name:
      return "public name";
    case DataClass::public_address:
      return "public address";
    case DataClass::host_name:
      return "host name";
    case DataClass::feature_name:
      return "feature name";
    case DataClass::relayed_bytes:
      return "bytes between a visitor and a published service";
    case DataClass::audience:
      return "audience";
    case DataClass::invited_account:
      return "invited account";
  }
  return "";
}

}  // namespace qcloud
