#!/bin/bash
# The program for another processor: packaging/cross.sh ARCH   (make deb ARCH=arm64); prints the binary's path.
#
# Needs Debian's cross compiler and the static libraries of that architecture (vendor/README.md, "Cross compiling"). The
# libraries get a cache of their own; sources are built from a copy, because objects of two processors do not mix.
set -eu
arch=$1
top=$(cd "$(dirname "$0")/.." && pwd)
case $arch in
arm64) triple=aarch64-linux-gnu ;;
*) echo "cross: $arch is not known here (arm64)" >&2; exit 2 ;;
esac
command -v $triple-gcc >/dev/null || { echo "cross: $triple-gcc is missing: vendor/deps.sh --install cross" >&2; exit 1; }
work=$top/build/cross-$arch
cache=${TOTEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/totem}
mkdir -p "$work/bin" "$work/tree" "$cache-$arch/tarballs"
cp -aln "$cache/tarballs/." "$cache-$arch/tarballs/" 2>/dev/null || true
# What the recipes call by plain names; gcc stays this machine's, for programs that run while building.
for t in ar nm objcopy ranlib strip objdump; do ln -sf "$(command -v $triple-$t)" "$work/bin/$t"; done
printf 'host_alias=%s\ncross_compiling=yes\n' $triple >"$work/config.site"
(cd "$top" && tar -cf - --exclude=./build --exclude=./.git --exclude=node_modules .) | tar -xf - -C "$work/tree"
cd "$work/tree"
[ -d "$top/.git" ] || [ -f "$top/.git" ] && git -C "$top" describe --always --dirty --tags >"$work/git" 2>/dev/null || true
PATH=$work/bin:$PATH CONFIG_SITE=$work/config.site CC_FOR_BUILD=gcc TOTEM_CACHE=$cache-$arch OBJCOPY=$triple-objcopy \
	make --no-print-directory CC=$triple-gcc HOSTCC=gcc all >&2
echo "$work/tree/build/totem"
