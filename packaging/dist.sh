#!/bin/bash
# Makes the tarball: packaging/dist.sh BINARY ARCH VERSION FOLDER   (make dist)
set -eu
binary=$1 arch=$2 version=$3 out=$4
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=totem-$version-linux-$arch
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 1767225600)}
root=$work/$name
install -D -m 755 "$binary" "$root/totem"
install -D -m 644 -t "$root/systemd" "$top"/systemd/*.service "$top"/systemd/*.socket "$top"/systemd/*.timer "$top/systemd/README.md"
install -D -m 644 -t "$root/man" "$top/packaging/man/totem.1"
install -D -m 644 -t "$root/completion" "$top"/packaging/completion/*
install -D -m 644 -t "$root/monitoring" "$top/packaging/grafana/totem.json" "$top/packaging/prometheus/totem.rules.yml"
install -D -m 644 -t "$root" "$top/packaging/totem.conf.example" "$top/LICENSE" "$top/README.md"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -C "$work" -cJf "$out/$name.tar.xz" "$name"
echo "$out/$name.tar.xz"
