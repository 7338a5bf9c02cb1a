#!/bin/sh
# Fetches the servers that the tests talk to (vsftpd, ProFTPD, Pure-FTPd, OpenSSH) into a folder, without installing
# them: the Debian packages of the first three conflict with one another. Libraries that this machine lacks are fetched along.
# Wants fresh package lists (apt-get update), but no rights. Folder: $SLIPWAY_TEST_SERVERS, or ~/.cache/slipway-test-servers. Running it again costs nothing when all is there.
set -eu

target="${SLIPWAY_TEST_SERVERS:-$HOME/.cache/slipway-test-servers}"
servers="vsftpd proftpd-core proftpd-mod-crypto pure-ftpd pure-ftpd-common openssh-server openssh-sftp-server"

if [ -f "$target/complete" ] && [ "$(cat "$target/complete")" = "$servers" ]; then
  echo "The servers are in $target already."
  exit 0
fi
# With --check it only says whether there is something to fetch.
[ "${1:-}" != "--check" ] || exit 1

for tool in apt-get dpkg-deb dpkg-query; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "This needs Debian or a relative of it: $tool is missing. The tests that need these servers will be skipped." >&2
    exit 1
  fi
done

mkdir -p "$target"
# A folder of its own, moved into place at the end: a run that was cut short leaves nothing half done behind.
work="$(mktemp -d "$target/fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir "$work/debs" "$work/root"

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The libraries a package depends on, one a line; of "a | b" the first.
libraries_of() {
  dpkg-deb -f "$1" Depends | tr ',' '\n' | sed -e 's/|.*//' -e 's/(.*)//' -e 's/:any//' -e 's/ //g' | grep '^lib' || true
}

seen=" "
wanted="$servers"
while [ -n "$wanted" ]; do
  next=""
  for package in $wanted; do
    case "$seen" in *" $package "*) continue ;; esac
    seen="$seen$package "
    # Root's apt would download as the user _apt, who may not write into root's folders, and warn about it.
    (cd "$work/debs" && apt-get download -qq -o APT::Sandbox::User=root "$package")
    deb="$(ls "$work/debs/${package}"_*.deb)"
    dpkg-deb -x "$deb" "$work/root"
    for library in $(libraries_of "$deb"); do
      installed "$library" || next="$next $library"
    done
  done
  wanted="$next"
done

rm -rf "$target/root"
mv "$work/root" "$target/root"
printf '%s\n' "$servers" >"$target/complete"
echo "The servers are in $target."
