# What the commands of ./dev need from Debian, and why.

PACKAGES_build="g++ cmake ninja-build ccache libboost1.81-dev libssl-dev libc-ares-dev libsqlite3-dev
  libcli11-dev libtomlplusplus-dev libqrencode-dev libnghttp2-dev doctest-dev python3"
# Namespaces and NAT, questions to the DNS server, decrypting captures, a wrong clock, reading OpenAPI.
PACKAGES_lab="openssl curl openssh-client iproute2 nftables bind9-dnsutils tshark faketime python3 python3-yaml"
# A browser, to look at the page of a NAS through the relay.
PACKAGES_demo="chromium"
# What brings and builds the libraries of static programs.
PACKAGES_static="binutils perl tcl dpkg-dev xz-utils debian-archive-keyring"
# Compilers for the ARM boxes, and an emulator to run what they make.
PACKAGES_cross="$PACKAGES_static g++-aarch64-linux-gnu g++-arm-linux-gnueabihf qemu-user"
PACKAGES_lint="clang-format-16 clang-tidy-16"

# need_packages GROUP...: installs what dpkg does not have; takes no time when nothing is missing.
need_packages() {
  local group wanted="" missing
  for group in "$@"; do local list=PACKAGES_$group; wanted+=" ${!list}"; done
  # shellcheck disable=SC2086
  missing=$(comm -23 <(printf '%s\n' $wanted | sort -u) \
    <(dpkg-query -W -f '${Status} ${Package}\n' $wanted 2>/dev/null \
      | sed -n 's/^install ok installed //p' | sort -u) | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    die "Debian packages are missing, and only root can install them. Type:
  sudo apt-get install -y --no-install-recommends $missing"
  fi
  say "installing Debian packages to build and test with: $missing"
  mkdir -p build/log
  export DEBIAN_FRONTEND=noninteractive
  # An index that is stale in parts is no reason to stop; the installation itself decides.
  logged "package index" build/log/apt-update.log sh -c 'apt-get -q update || true'
  # tshark asks whether everyone may capture; the answer no is given before it can ask.
  echo "wireshark-common wireshark-common/install-setuid boolean false" | debconf-set-selections
  # shellcheck disable=SC2086
  logged "packages" build/log/apt-install.log \
    apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confdef install $missing
}
