#include <doctest/doctest.h>

#include "platform/linux/device_facts.hpp"
#include "tests/platform/fixture.hpp"

using namespace qcloud;

namespace {

const std::string dmi = "sys/class/dmi/id/";

void card(const Tree& tree, const std::string& name, const std::string& mac, const std::string& type,
          const std::string& bus) {
  auto home = "sys/devices/" + bus + "/" + name;
  tree.write(home + "/net/" + name + "/address", mac + "\n");
  tree.write(home + "/net/" + name + "/addr_assign_type", type + "\n");
  tree.link(home + "/net/" + name + "/device", home);
  tree.link("sys/class/net/" + name, home + "/net/" + name);
}

std::string digest(const Tree& tree) { return hardware_digest(tree.path(), tree.path()); }
std::string text(const auto& value) { return std::string(value.json().as_string()); }

}  // namespace

TEST_CASE("a PC with its firmware tables") {
  Tree box;
  box.write(dmi + "product_name", "TS-464\n");
  box.write(dmi + "product_serial", "Q21BI04711\n");
  box.write("proc/sys/kernel/random/boot_id", "6f1b1a52-0d39-4f5c-9a5d-1f2f3e4d5c6b\n");
  auto facts = read_device_facts(box.path(), box.path());
  CHECK(text(facts.model) == "TS-464");
  CHECK(text(facts.serial_tail) == "4711");
  CHECK(facts.boot_id == "6f1b1a52-0d39-4f5c-9a5d-1f2f3e4d5c6b");
  CHECK(facts.hardware.size() == 64);
  auto name = text(facts.name);
  CHECK_FALSE(name.empty());
  CHECK(name.size() <= 63);
  CHECK(name.find('.') == std::string::npos);
}

TEST_CASE("an ARM box with its device tree") {
  Tree box;
  box.write("proc/device-tree/model", std::string("Marvell Armada 370\0", 19));
  box.write("proc/device-tree/serial-number", std::string("00000000c0ffee42\0", 17));
  auto facts = read_device_facts(box.path(), box.path());
  CHECK(text(facts.model) == "Marvell Armada 370");
  CHECK(text(facts.serial_tail) == "ee42");
  CHECK(facts.hardware.size() == 64);
}

TEST_CASE("a box that knows nothing of itself") {
  Tree box;
  box.write(dmi + "product_name", "To Be Filled By O.E.M.\n");
  box.write(dmi + "product_serial", "Default string\n");
  auto facts = read_device_facts(box.path(), box.path());
  CHECK(text(facts.model) == "Linux NAS");
  CHECK(text(facts.serial_tail) == "");
  CHECK(facts.hardware == "");
  CHECK(facts.boot_id == "");
}

TEST_CASE("values are capped and cleaned") {
  Tree box;
  box.write(dmi + "product_name", "\x1b[2J" + std::string(100, 'x') + "\n");
  auto model = text(read_device_facts(box.path(), box.path()).model);
  CHECK(model.size() == 40);
  CHECK(model.starts_with("[2J"));
}

TEST_CASE("the serial tail never is the whole serial number, nor half a sentence") {
  for (const char* serial : {"4711", "12345", "not a serial", "AB-12-C.-"}) {
    Tree box;
    box.write(dmi + "product_serial", serial);
    CAPTURE(serial);
    CHECK(text(read_device_facts(box.path(), box.path()).serial_tail) == "");
  }
}

TEST_CASE("the digest is stable, and another on another box") {
  Tree box;
  box.write(dmi + "product_serial", "Q21BI04711\n");
  box.write(dmi + "board_serial", "B1\n");
  box.write(dmi + "product_uuid", "4C4C4544-0042-3510-8052-B4C04F4D4E32\n");
  card(box, "eth0", "24:5e:be:00:00:02", "0", "pci0");
  auto first = digest(box);
  CHECK(first == digest(box));

  SUBCASE("an update of kernel, system and machine-id changes nothing") {
    box.write(dmi + "product_uuid", "4c4c4544-0042-3510-8052-b4c04f4d4e32\n");
    box.write("etc/machine-id", "11111111111111111111111111111112\n");
    CHECK(digest(box) == first);
  }
  SUBCASE("virtual, plugged-in and renamed-by-hand cards change nothing") {
    card(box, "usb0", "00:00:00:00:00:01", "0", "pci0/usb1");
    card(box, "eth1", "00:00:00:00:00:02", "3", "pci0");
    box.write("sys/class/net/docker0/address", "02:42:00:00:00:01\n");
    box.write("sys/class/net/docker0/addr_assign_type", "0\n");
    card(box, "eth2", "24:5e:be:00:00:03", "0", "pci0");  // a second one, higher
    CHECK(digest(box) == first);
  }
  SUBCASE("a card in a bond is known by its own address") {
    box.write("sys/devices/pci0/eth0/net/eth0/address", "24:5e:be:00:00:99\n");
    box.write("sys/devices/pci0/eth0/net/eth0/addr_assign_type", "3\n");
    box.write("sys/devices/pci0/eth0/net/eth0/bonding_slave/perm_hwaddr", "24:5e:be:00:00:02\n");
    CHECK(digest(box) == first);
  }
  SUBCASE("each part counts") {
    for (const char* part : {"product_serial", "board_serial", "product_uuid"}) {
      box.write(dmi + part, "something-else\n");
      CHECK(digest(box) != first);
      first = digest(box);
    }
    // A network card comes and goes; it counts only where the board says nothing of itself.
    box.write("sys/devices/pci0/eth0/net/eth0/address", "24:5e:be:00:00:42\n");
    CHECK(digest(box) == first);
    for (const char* part : {"product_serial", "board_serial", "product_uuid"}) box.write(dmi + part, "\n");
    first = digest(box);
    box.write("sys/devices/pci0/eth0/net/eth0/address", "24:5e:be:00:00:43\n");
    CHECK(digest(box) != first);
  }
}

TEST_CASE("the machine-id is the last resort") {
  Tree box;
  box.write("etc/machine-id", "11111111111111111111111111111112\n");
  auto first = digest(box);
  CHECK(first.size() == 64);
  box.write("etc/machine-id", "22222222222222222222222222222223\n");
  CHECK(digest(box) != first);
}
