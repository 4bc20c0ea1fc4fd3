# Facts of a target for the scripts here: targets/ARCH, and the flags that all targets share. toolchain.cmake reads the
# same files.

ARCHES="armv7 aarch64 x86_64"

# fact ARCH KEY
fact() { sed -n "s/^$2=//p" "cross/targets/$1"; }

# All of it also holds for the libraries: a static program is as hard as its softest object.
COMMON_FLAGS=$(cat cross/targets/common)

CROSS=$PWD/build/cross
CACHE=$PWD/build/cache/cross
