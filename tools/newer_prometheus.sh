#!/bin/sh
# Unpacks the Prometheus and Alertmanager of Debian's next release below the user's cache, beside those of this machine, and
# prints the directory of their programs. Nothing is installed. If they cannot be had, fails with the reason in one line.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gui-agents/prometheus-debian-${DEBIAN_SUITE:=forky}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
packages="prometheus promtool prometheus-alertmanager"

fail() {
    echo "no newer Prometheus: $1" >&2
    exit 1
}

first_error() {
    grep -m 1 -A 1 -E '^(E:|Err:)' "$draft/log" | tr '\n' ' ' || tail -n 1 "$draft/log"
}

# apt with lists and packages of its own.
apt_of_suite() {
    program=$1
    shift
    "$program" -q -o Dir::Etc::SourceList="$draft/sources.list" -o Dir::Etc::SourceParts=/nonexistent \
        -o Dir::State::Lists="$draft/lists" -o Dir::Cache="$draft/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

if [ ! -d "$cache" ]; then
    for program in apt-get dpkg; do
        command -v "$program" >/dev/null || fail "$program is missing"
    done
    [ -r "$keys" ] || fail "$keys is missing"
    mkdir -p "$(dirname "$cache")"
    draft=$(mktemp -d "$cache.XXXXXX")
    trap 'rm -rf "$draft"' EXIT
    mkdir -p "$draft/lists/partial" "$draft/cache/archives/partial" "$draft/unpacked"
    echo "deb [signed-by=$keys] $mirror $DEBIAN_SUITE main" >"$draft/sources.list"
    # Without this option a mirror that does not answer is only a warning.
    apt_of_suite apt-get -o APT::Update::Error-Mode=any update >"$draft/log" 2>&1 || fail "$(first_error)"
    # shellcheck disable=SC2086 # one word a package
    (cd "$draft" && apt_of_suite apt-get download $packages) >"$draft/log" 2>&1 || fail "$(first_error)"
    for package in "$draft"/*.deb; do
        dpkg -x "$package" "$draft/unpacked"
    done
    "$draft/unpacked/usr/bin/prometheus" --version >"$draft/log" 2>&1 || fail "$(tail -n 1 "$draft/log")"
    mv "$draft/unpacked" "$cache"
fi
echo "$cache/usr/bin"
