#!/bin/bash
# usage: cross/sysroot.sh ARCH    unpacks the target's libc.a into build/cross/sysroot/ARCH
# The cross compiler's own libc is older than the suite's by its security fixes, and a static program keeps for ever
# what it was linked with. Compiler, headers and libstdc++ are those of the cross packages.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh
. cross/target.sh

arch=$1 root=$CROSS/sysroot/$1
read -r _ _ version file sum < <(grep "^deb libc6-dev:$(fact "$arch" DEBIAN) " "$CROSS/lock.txt")
if [ "$(cat "$root/.of" 2>/dev/null)" != "$sum" ]; then
  rm -rf "$root"
  mkdir -p "$root"
  dpkg-deb -x "$CACHE/$sum" "$root"
  echo "$sum" >"$root/.of"
fi
say "$arch: libc.a of glibc $version"
