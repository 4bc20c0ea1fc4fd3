#!/bin/bash
# Brings what lock.txt names into build/cache/cross, each file under its sha256, and writes the list of what was
# really taken to build/cross/lock.txt. Nothing is asked of the network when the cache has it all.
#
# usage: cross/fetch.sh            take the versions of lock.txt
#        cross/fetch.sh --update   take the newest and rewrite lock.txt
#
# A version that the mirrors have no more is replaced by the newest, loudly: Debian removes the one before when it
# publishes a security fix. Either way it is Debian's signature that vouches for it (apt checks it), and the state that
# apt needs is private: this machine's own package system is neither read nor written.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. scripts/common.sh

SOURCES="openssl c-ares sqlite3 qrencode nghttp2"
NEWER="openssl"  # of Debian 13: see docs/dependencies.md
TARBALL_IS_ENOUGH="openssl qrencode"
DEBS="libc6-dev:armhf libc6-dev:arm64 libc6-dev:amd64"
CACHE=$PWD/build/cache/cross STATE=$PWD/build/cross/apt
LOCK=cross/lock.txt TAKEN=build/cross/lock.txt

# The mirror that this machine uses; only for Debian's own suites, by Debian's own keys.
mirrors() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' |
    awk '($2 ~ /^bookworm(-updates|-security)?$/) && ($3 == "Debian" || $3 == "" || $3 ~ /^\$/) {print $1, $2}' | sort -u
}

# private_apt ARCH [newer]: a package state of its own below build/, of Debian 13 with `newer`; prints its configuration
# file.
private_apt() {
  local arch=$1 root=$STATE/$1${2:+-$2} uri suite
  mkdir -p "$root"/{lists/partial,cache/archives/partial,parts}
  : >"$root/status"
  mirrors | while read -r uri suite; do
    [ -z "${2:-}" ] || suite=${suite/bookworm/trixie}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
  done >"$root/sources.list"
  [ -s "$root/sources.list" ] || die "this machine's apt knows no mirror of Debian 12 (bookworm); see /etc/apt/sources.list"
  cat >"$root/apt.conf" <<CONF
#clear APT::Architectures;
#clear APT::Update;
#clear DPkg::Post-Invoke;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$root";
Dir::State::lists "$root/lists";
Dir::State::status "$root/status";
Dir::Cache "$root/cache";
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "$root/parts";
CONF
  # An index that fails (security has been seen without armhf) is no reason to stop: the download decides.
  [ -n "$(find "$root/fresh" -mmin -60 2>/dev/null)" ] || apt-get -c "$root/apt.conf" -q update >"$root/update.log" 2>&1 || true
  touch "$root/fresh"
  echo "$root/apt.conf"
}

# versions CONF KIND NAME: all that the index knows, newest first.
versions() {
  if [ "$2" = source ]; then
    apt-cache -c "$1" showsrc --only-source "$3" | sed -n 's/^Version: //p' | sort -rVu
  else
    apt-cache -c "$1" show "$3" | sed -n 's/^Version: //p' | sort -rVu
  fi
}

# get CONF KIND NAME VERSION HOW: what apt downloads and finds signed, into the empty folder new/.
get() {
  local conf=$1 kind=$2 name=$3 version=$4 how=$5
  rm -rf "$STATE/new"; mkdir -p "$STATE/new"; cd "$STATE/new"
  if [ "$kind" = deb ]; then apt-get -c "$conf" -q download "$name=$version"; return; fi
  local options=(--download-only --only-source)
  if [ "$how" = tarball ]; then
    [[ " $TARBALL_IS_ENOUGH " == *" $name "* ]] || return
    options+=(--tar-only)
  fi
  apt-get -c "$conf" -q source "${options[@]}" "$name=$version"
}

# download KIND NAME HOW [VERSION]: file by file into the cache; prints lock lines. Without VERSION the newest to be had.
# HOW: whole, with Debian's patches; or tarball, without.
download() {
  local kind=$1 name=$2 how=$3 arch=amd64 newer="" conf version file sum
  [ "$kind" = source ] || arch=${name#*:}
  [[ " $NEWER " != *" $name "* ]] || newer=newer
  conf=$(private_apt "$arch" $newer)
  for version in ${4:-$(versions "$conf" "$kind" "$name")}; do
    (get "$conf" "$kind" "$name" "$version" "$how") >"$STATE/get.log" 2>&1 || continue
    for file in "$STATE"/new/*; do
      [[ $file != *.asc ]] || continue
      sum=$(sha256sum "$file" | cut -d' ' -f1)
      mv "$file" "$CACHE/$sum"
      echo "$kind $name $version $(basename "$file" | sed 's/%3a/:/g') $sum"
    done
    return 0
  done
  return 1
}

cached() {  # stdin: lock lines; true when each file is there and is itself
  local sum any=1
  while read -r _ _ _ _ sum; do
    any=0
    [ -f "$CACHE/$sum" ] && [ "$(sha256sum "$CACHE/$sum" | cut -d' ' -f1)" = "$sum" ] || return 1
  done
  return $any
}

take() {  # take KIND NAME
  local kind=$1 name=$2 how=whole locked version lines
  locked=$(grep -F "$kind $name " "$LOCK" 2>/dev/null || true)
  [ -z "$UPDATE" ] || locked=""
  if [ -n "$locked" ] && cached <<<"$locked"; then echo "$locked"; return; fi
  version=$(awk 'NR==1 {print $3}' <<<"$locked")
  say "downloading $kind $name $version" >&2
  # The index can be ahead of the mirror's files: then an older one with Debian's patches, then the newest without.
  if [ -n "$locked" ] && [ "$kind" = source ] && ! grep -q '\.dsc ' <<<"$locked"; then how=tarball; fi
  if [ -n "$locked" ] && lines=$(download "$kind" "$name" "$how" "$version"); then
    # The same version with other bytes is no version at all.
    [ -z "$(comm -13 <(sort <<<"$lines") <(sort <<<"$locked"))" ] || die "$name $version: the mirror's files are not those of $LOCK"
    lines=$locked
  elif lines=$(download "$kind" "$name" whole || download "$kind" "$name" tarball); then
    [ -n "$UPDATE" ] || say "NOTE: $name $version is on no mirror any more; taking $(awk 'NR==1 {print $3}' <<<"$lines"). Run cross/fetch.sh --update and commit $LOCK." >&2
  else
    tail -n 5 "$STATE/get.log" >&2 || true
    die "$kind $name: cannot be downloaded; all of apt's words: $STATE/get.log and $STATE/*/update.log"
  fi
  echo "$lines"
}

UPDATE=${1:-}
mkdir -p "$CACHE" "$STATE"
{
  echo "# What the static builds are made of: kind, package, version, file, sha256. Written by cross/fetch.sh --update."
  for name in $SOURCES; do take source "$name"; done
  for name in $DEBS; do take deb "$name"; done
} >"$TAKEN.new"
mv "$TAKEN.new" "$TAKEN"
[ -z "$UPDATE" ] || cp "$TAKEN" "$LOCK"
