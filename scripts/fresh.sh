#!/usr/bin/env bash
# Proves that nothing but this repository is needed: makes a bare Debian 12 in a folder, copies the
# committed tree into it and runs `make run` there. Needs root and debootstrap.
# Usage: scripts/fresh.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-build/fresh}")

if [ "$(id -u)" -ne 0 ]; then
    echo "fresh: needs root, for debootstrap and chroot" >&2
    exit 2
fi
command -v debootstrap >/dev/null || apt-get install -y -qq debootstrap

cleanup() {
    for mount in proc dev; do
        ! mountpoint -q "$folder/$mount" || umount "$folder/$mount"
    done
}
trap cleanup EXIT

# The package source of this system, so that a local mirror is used where there is one.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Codename: bookworm' 2>/dev/null | head -n 1)
if [ ! -d "$folder/etc" ]; then
    debootstrap --variant=minbase bookworm "$folder" ${mirror:+"$mirror"}
fi
# What this system needs to reach its package sources, the new one needs as well.
cp /etc/resolv.conf "$folder/etc/resolv.conf"
grep -lr Acquire /etc/apt/apt.conf.d | xargs -r cp -t "$folder/etc/apt/apt.conf.d/"
mkdir -p "$folder/etc/ssl/certs" "$folder/usr/local/share/ca-certificates"
cp -rL /usr/local/share/ca-certificates/. "$folder/usr/local/share/ca-certificates/"
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/host.crt"

mount --bind /dev "$folder/dev"
mount -t proc proc "$folder/proc"
rm -rf "$folder/muster"
mkdir "$folder/muster"
git archive HEAD | tar -x -C "$folder/muster"
passed=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY GOPROXY GONOSUMDB GOFLAGS \
    PIP_INDEX_URL; do
    [ -z "${!name:-}" ] || passed+=("$name=${!name}")
done
chroot "$folder" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    SSL_CERT_FILE=/etc/ssl/certs/host.crt PIP_CERT=/etc/ssl/certs/host.crt "${passed[@]}" \
    bash -euc 'apt-get update -qq && apt-get install -y -qq make && cd /muster && make run'
