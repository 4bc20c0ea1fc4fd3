#include "platform/qts/device.hpp"

#include <cctype>

#include "agent/gate/mint.hpp"
#include "platform/linux/device_facts.hpp"
#include "platform/linux/printable.hpp"
#include "platform/qts/ini.hpp"

namespace qcloud {
namespace {

std::string clean(std::string_view text, size_t limit) {
  auto out = printable(text, limit);
  return placeholder(out) ? "" : out;
}

std::string value(const BoxFiles& files, const char* file, const char* section, const char* key,
                  size_t limit) {
  auto text = files.read(file);
  return clean(ini_value(text, section, key).value_or(""), limit);
}

std::string model(const BoxFiles& files) {
  auto out = value(files, "etc/platform.conf", "MISC", "DISPLAY_NAME", 40);
  for (const char* file : {"etc/config/uLinux.conf", "etc/default_config/uLinux.conf"})
    for (const char* key : {"Model", "Internal Model"})
      if (out.empty()) out = value(files, file, "System", key, 40);
  return out.empty() ? "QNAP NAS" : out;
}

// The first label only, as everywhere: "nas.home.example" would tell the owner's domain.
std::string first_label(const std::string& name) { return name.substr(0, name.find('.')); }

std::string name(const BoxFiles& files) {
  auto out = first_label(value(files, "etc/config/uLinux.conf", "System", "Server Name", 63));
  if (out.empty()) out = first_label(clean(files.read("proc/sys/kernel/hostname"), 63));
  return out.empty() ? "nas" : out;
}

std::string first_line(const BoxFiles& files, const char* file) {
  auto text = files.read(file);
  return clean(std::string_view(text).substr(0, text.find('\n')), 128);
}

// "" for what is no address. In either case: the fingerprint takes all in lower case.
std::string mac(std::string text) {
  if (text.size() != 17) return "";
  for (size_t i = 0; i < text.size(); ++i)
    if (i % 3 == 2 ? text[i] != ':' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return "";
  return text;
}

}  // namespace

DeviceFacts qts_device_facts(const BoxFiles& files, const std::string& root) {
  auto serial = first_line(files, "var/run/qcloud/hwsn");
  if (serial.empty()) serial = machine_serial(root);
  auto port = mac(value(files, "var/MacAddress", "MAC", "eth0", 32));
  if (port.empty()) port = mac(permanent_mac(root, "eth0"));
  auto hardware = port.empty() ? firmware_digest(root) : hardware_fingerprint("mac=" + port + "\n");
  return {Mint::text<DataClass::device_model>(model(files)), Mint::text<DataClass::device_name>(name(files)),
          Mint::text<DataClass::serial_tail>(serial_tail(serial)), hardware,
          first_line(files, "proc/sys/kernel/random/boot_id")};
}

}  // namespace qcloud
