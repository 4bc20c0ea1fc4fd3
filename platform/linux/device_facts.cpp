#include "platform/linux/device_facts.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>

#include "agent/gate/mint.hpp"
#include "platform/linux/printable.hpp"
#include "platform/linux/read_file.hpp"

namespace qcloud {
namespace {

namespace fs = std::filesystem;

// One line of a firmware or device tree file, or nothing where it says nothing.
std::string line_of(const std::string& path, size_t limit) {
  auto text = read_file(path);
  if (!text) return "";
  auto line = printable(text->substr(0, std::min(text->find('\n'), text->find('\0'))), limit);
  return placeholder(line) ? "" : line;
}

std::string first_of(std::initializer_list<std::string> paths, size_t limit) {
  for (const auto& path : paths)
    if (auto line = line_of(path, limit); !line.empty()) return line;
  return "";
}

// Data minimization: the first label only. "nas.home.example" would tell the owner's domain.
std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "nas";
  std::string_view text = name.data();
  auto label = printable(text.substr(0, text.find('.')), 63);
  return label.empty() ? "nas" : label;
}

// Cards that can be pulled out while the box runs are no part of it.
bool built_in(const fs::path& card) {
  auto device = real_path((card / "device").string());
  return !device.empty() && device.find("/usb") == std::string::npos;
}

std::string mac_of(const fs::path& card) {
  // A bond gives all its members one address; the card's own is kept aside here.
  auto bonded = line_of((card / "bonding_slave/perm_hwaddr").string(), 32);
  if (!bonded.empty()) return bonded;
  // 0 is NET_ADDR_PERM; else it is random, stolen from another card or set by hand.
  if (read_file((card / "addr_assign_type").string()) != "0\n") return "";
  return line_of((card / "address").string(), 32);
}

std::string lowest_mac(const std::string& system) {
  std::string lowest;
  std::error_code failed;
  fs::directory_iterator cards(below(system, "sys/class/net"), failed), end;
  for (; !failed && cards != end; cards.increment(failed)) {
    if (!built_in(cards->path())) continue;
    auto mac = mac_of(cards->path());
    if (!mac.empty() && (lowest.empty() || mac < lowest)) lowest = mac;
  }
  return lowest;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) return "";
  std::string hex;
  char pair[3];
  for (unsigned i = 0; i < size; ++i) {
    std::snprintf(pair, sizeof pair, "%02x", digest[i]);
    hex += pair;
  }
  return hex;
}

}  // namespace

std::string machine_serial(const std::string& system) {
  return first_of(
      {below(system, "sys/class/dmi/id/product_serial"), below(system, "proc/device-tree/serial-number")},
      128);
}

std::string serial_tail(const std::string& serial) {
  bool plain = std::all_of(serial.begin(), serial.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '.' || c == '/';
  });
  if (!plain || serial.size() < 6) return "";  // four of five characters would be the serial number
  auto tail = serial.substr(serial.size() - 4);
  return std::all_of(tail.begin(), tail.end(), [](unsigned char c) { return std::isalnum(c); }) ? tail : "";
}

std::string permanent_mac(const std::string& system, const std::string& card) {
  fs::path path = below(system, "sys/class/net/" + card);
  return built_in(path) ? mac_of(path) : "";
}

std::string hardware_fingerprint(std::string parts) {
  // Kernels print the UUID in upper case before 4.18 or so, in lower case since.
  std::transform(parts.begin(), parts.end(), parts.begin(), [](unsigned char c) { return std::tolower(c); });
  return parts.empty() ? "" : sha256_hex("qcloud hardware 1\n" + parts);
}

std::string firmware_digest(const std::string& system) {
  auto dmi = [&](const char* name) {
    return line_of(below(system, std::string("sys/class/dmi/id/") + name), 128);
  };
  const std::array<std::pair<const char*, std::string>, 4> parts = {{{"serial", machine_serial(system)},
                                                                     {"board", dmi("board_serial")},
                                                                     {"uuid", dmi("product_uuid")},
                                                                     {"mac", lowest_mac(system)}}};
  // A network card may be added, or its driver may come late: it counts only where nothing else tells.
  bool board_known = !parts[0].second.empty() || !parts[1].second.empty() || !parts[2].second.empty();
  std::string text;
  for (const auto& [label, value] : parts)
    if (!value.empty() && !(board_known && label == std::string_view("mac")))
      text += std::string(label) + "=" + value + "\n";
  return hardware_fingerprint(text);
}

std::string hardware_digest(const std::string& root, const std::string& system) {
  auto digest = firmware_digest(system);
  if (!digest.empty()) return digest;
  // Last resort: this one is copied together with the disks, so it only tells boxes apart that were
  // installed apart.
  auto id = line_of(below(root, "etc/machine-id"), 64);
  return id.empty() ? "" : hardware_fingerprint("machine-id=" + id + "\n");
}

DeviceFacts read_device_facts(const std::string& root, const std::string& system) {
  auto model =
      first_of({below(system, "sys/class/dmi/id/product_name"), below(system, "proc/device-tree/model")}, 40);
  return {Mint::text<DataClass::device_model>(model.empty() ? "Linux NAS" : model),
          Mint::text<DataClass::device_name>(host_name()),
          Mint::text<DataClass::serial_tail>(serial_tail(machine_serial(system))),
          hardware_digest(root, system), line_of(below(system, "proc/sys/kernel/random/boot_id"), 64)};
}

}  // namespace qcloud
