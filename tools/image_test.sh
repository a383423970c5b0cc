#!/bin/sh
# Builds the image from the Dockerfile and runs it as its user until its health check says yes, without a container engine:
# debootstrap makes a base with Debian's Python in the place of the official one, buildah builds in a chroot, runc runs.
# Needs root, Debian and some minutes; leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."

for program in debootstrap buildah runc; do
    command -v "$program" >/dev/null || {
        echo "image-test: $program is missing; on Debian: apt install debootstrap buildah runc" >&2
        exit 2
    }
done
[ "$(id -u)" -eq 0 ] || {
    echo "image-test: debootstrap and runc need root here" >&2
    exit 2
}

target=${TARGET:-service}
work=$(mktemp -d)
container=gui-agents-$$
running=""

clean_up() {
    [ -z "$running" ] || runc --root "$work/runc" delete --force "$container" >/dev/null 2>&1 || :
    # A mount that is left would take what it shows with it.
    if grep -q " $work/" /proc/mounts; then
        echo "image-test: still mounted, so not removed: $work" >&2
    else
        rm -rf "$work"
    fi
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# buildah with a storage of its own.
build() {
    command=$1
    shift
    BUILDAH_ISOLATION=chroot buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$command" "$@"
}

echo "==> base"
base=$(sed -n 's/^FROM \([^ ]*:[^ ]*\).*/\1/p' Dockerfile | sort -u)
suite=${base##*-}
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$suite" "$work/base" \
    "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
ln -s python3 "$work/base/usr/bin/python"
# What pip needs to reach the package index from here; the official image needs none of it.
for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    if [ -e "$file" ]; then cp --parents "$file" "$work/base"; fi
done
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$work/policy.json"
made=$(build from --signature-policy "$work/policy.json" scratch)
build add -q "$made" "$work/base" /
build commit -q --signature-policy "$work/policy.json" "$made" "localhost/$base"
rm -rf "$work/base"

echo "==> build"
build bud -q --signature-policy "$work/policy.json" --pull-never --format docker --target "$target" --tag gui-agents . >"$work/log" 2>&1 || {
    tail -n 20 "$work/log"
    exit 1
}

echo "==> run"
made=$(build from --signature-policy "$work/policy.json" --pull-never gui-agents)
root=$(build mount "$made")
build inspect --type image gui-agents >"$work/image.json"
mkdir "$work/bundle"
python3 tools/image_bundle.py "$work/image.json" "$root" >"$work/bundle/config.json"
running=yes
runc --root "$work/runc" run --detach --bundle "$work/bundle" "$container" >"$work/log" 2>&1 </dev/null

user=$(runc --root "$work/runc" exec "$container" id -u)
health=1
for _ in $(seq 30); do
    # shellcheck disable=SC2046 # the words of the command
    if runc --root "$work/runc" exec "$container" $(python3 tools/image_bundle.py --health "$work/image.json"); then
        health=0
        break
    fi
    sleep 1
done >"$work/health" 2>&1
tail -n 3 "$work/health"
if [ "$health" -ne 0 ]; then
    cat "$work/log"
    echo "image-test: not healthy within 30 s" >&2
    exit 1
fi
runc --root "$work/runc" kill "$container" TERM
for _ in $(seq 40); do
    [ "$(runc --root "$work/runc" state "$container" | sed -n 's/.*"status": "\(.*\)".*/\1/p')" = stopped ] && break
    sleep 1
done
[ "$(runc --root "$work/runc" state "$container" | sed -n 's/.*"status": "\(.*\)".*/\1/p')" = stopped ] || {
    echo "image-test: SIGTERM does not end it within 40 s" >&2
    exit 1
}
echo "image-test passed: $target built on Debian $suite, healthy as user $user, ended by SIGTERM"
