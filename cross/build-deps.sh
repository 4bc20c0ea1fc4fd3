#!/bin/bash
# usage: cross/build-deps.sh ARCH    builds the libraries of the programs into build/cross/deps/ARCH
# Debian's own archives will not do: those of armhf have a 32-bit time_t, and all of them more than we use. Built again
# only when the sources, the target or this recipe change. JOBS=N: how many at once (default: all processors).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh
. cross/target.sh

arch=$1
triple=$(fact "$arch" TRIPLE) openssl_target=$(fact "$arch" OPENSSL)
flags="$(fact "$arch" FLAGS) $COMMON_FLAGS -Os"
dest=$CROSS/deps/$arch tree=$CROSS/trees/$arch logs=build/log/cross-$arch
jobs=${JOBS:-$(nproc)}
recipe=$({ cat cross/build-deps.sh; echo "$flags $openssl_target"; grep ^source "$CROSS/lock.txt"
  "$triple-gcc" --version; } | sha256sum | cut -d' ' -f1)

# What takes the place of members of libc.a and libstdc++.a: each file says why.
instead() {
  # shellcheck disable=SC2086
  "$triple-gcc" $flags -Wall -Wextra -c cross/no_nss.c -o "$dest/lib/no_nss.o"
  # shellcheck disable=SC2086
  [ "$arch" != armv7 ] ||
    "$triple-g++" $flags -Wall -Wextra -std=c++20 -c cross/time64.cpp -o "$dest/lib/time64.o"
}

if [ "$(cat "$dest/.recipe" 2>/dev/null)" = "$recipe" ]; then instead; say "$arch: libraries are there"; exit 0; fi

rm -rf "$dest" "$tree"
mkdir -p "$dest"/{lib,include} "$tree" "$logs"
instead

# source_of PACKAGE: unpacks it, with Debian's patches where the lock names them; prints the folder.
source_of() {
  local name=$1 box=$tree/$1 file sum
  mkdir -p "$box"
  while read -r _ _ _ file sum; do cp "$CACHE/$sum" "$box/$file"; done < <(grep "^source $name " "$CROSS/lock.txt")
  if ls "$box"/*.dsc >/dev/null 2>&1; then
    dpkg-source --no-check --extract "$box"/*.dsc "$box/src" >/dev/null
  else
    mkdir "$box/src" && tar -C "$box/src" --strip-components=1 -xf "$box"/*.orig.tar.*
  fi
  echo "$box/src"
}

# For speed, like nghttp2, since each byte of a visitor goes through both. With assembler, without what neither the agent
# nor its cloud speaks. The key exchange that outlasts quantum computers (ML-KEM) adds 2 KB to each connection, more than
# what many of ours carry.
openssl() {
  cd "$(source_of openssl)"
  ./Configure "$openssl_target" --cross-compile-prefix="$triple-" --prefix=/usr --openssldir=/etc/ssl \
    no-shared no-pic no-dso no-module no-engine no-legacy no-tests no-autoload-config no-ui-console \
    no-ssl3 no-tls1 no-tls1_1 no-dtls no-srp no-psk no-srtp no-cms no-cmp no-ts no-ct no-comp no-async no-gost no-dsa \
    no-aria no-bf no-blake2 no-camellia no-cast no-des no-idea no-md4 no-mdc2 no-ocb no-rc2 no-rc4 no-rmd160 \
    no-seed no-siphash no-sm2 no-sm3 no-sm4 no-whirlpool no-ec2m \
    no-apps no-docs no-http no-quic no-thread-pool no-ml-kem no-ml-dsa no-slh-dsa no-argon2 no-rfc3779 \
    CFLAGS="$flags -O2" CXXFLAGS="$flags -O2"
  make build_generated
  make -j"$jobs" libcrypto.a libssl.a
  cp libcrypto.a libssl.a "$dest/lib"
  mkdir "$dest/include/openssl"
  cp include/openssl/*.h "$dest/include/openssl"
}

# The settings that sqlite.org recommends, and nothing that loads code.
sqlite3() {
  cd "$(source_of sqlite3)"
  ./configure --disable-tcl --disable-readline --disable-load-extension >/dev/null
  make sqlite3.c sqlite3.h
  # shellcheck disable=SC2086
  "$triple-gcc" $flags -DSQLITE_THREADSAFE=2 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED \
    -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
    -DSQLITE_MAX_EXPR_DEPTH=0 -DSQLITE_OMIT_PROGRESS_CALLBACK -DSQLITE_USE_ALLOCA -c sqlite3.c -o sqlite3.o
  "$triple-ar" rcs "$dest/lib/libsqlite3.a" sqlite3.o
  cp sqlite3.h "$dest/include"
}

by_cmake() {  # by_cmake PACKAGE OPTION...
  local source; source=$(source_of "$1"); shift
  cmake -S "$source" -B "$source/out" -G Ninja --toolchain "$PWD/cross/toolchain.cmake" -DQCLOUD_ARCH="$arch" \
    -DCMAKE_BUILD_TYPE=MinSizeRel -DCMAKE_INSTALL_PREFIX="$dest" -DCMAKE_INSTALL_LIBDIR=lib "$@"
  ninja -C "$source/out" -j"$jobs" install
}
c_ares() { by_cmake c-ares -DCARES_STATIC=ON -DCARES_SHARED=OFF -DCARES_BUILD_TOOLS=OFF -DCARES_BUILD_TESTS=OFF; }
nghttp2() {
  by_cmake nghttp2 -DCMAKE_C_FLAGS_MINSIZEREL="-O2 -DNDEBUG" -DENABLE_LIB_ONLY=ON -DENABLE_STATIC_LIB=ON \
    -DENABLE_SHARED_LIB=OFF -DENABLE_DOC=OFF
  [ -f "$dest/lib/libnghttp2.a" ] || mv "$dest/lib/libnghttp2_static.a" "$dest/lib/libnghttp2.a"
}
qrencode() { by_cmake qrencode -DWITH_TOOLS=NO -DBUILD_SHARED_LIBS=NO -DWITHOUT_PNG=YES; }

# Header-only libraries are this machine's; never all of /usr/include, which is another processor's.
headers() {
  local name
  for name in boost CLI doctest toml++; do ln -s "/usr/include/$name" "$dest/include/$name"; done
}

for step in headers sqlite3 c_ares nghttp2 qrencode openssl; do
  # In a shell of its own: `set -e` does not hold inside a function that is waited for.
  export -f source_of by_cmake $step
  export arch triple openssl_target flags dest tree jobs CROSS CACHE
  start=$SECONDS
  logged "$arch: $step" "$logs/$step.log" nice -n "${NICE:-0}" bash -euo pipefail -c "$step"
  say "$arch: $step built in $((SECONDS - start)) s"
done
rm -rf "$tree"
echo "$recipe" >"$dest/.recipe"
