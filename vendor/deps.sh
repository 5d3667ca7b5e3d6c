#!/bin/bash
# The Debian packages that building and testing Totem need.
#
#   vendor/deps.sh [set...]             lists the packages
#   vendor/deps.sh --check [set...]     prints the missing ones; exit 1 if there are any
#   vendor/deps.sh --install [set...]   installs the missing ones with apt-get (as root, or through sudo)
#
# Sets: run (build and run; in all others too), demo (adds python3), test (adds compilers, analyzers, python3, openssl's
# command for certificates of tests), browser (adds a browser), cross (adds the compiler for arm64), install (adds what
# looks at the package).
set -eu

run='gcc libc6-dev make binutils xz-utils bzip2 patch pkg-config ca-certificates libssl-dev libzstd-dev zlib1g-dev nodejs npm'
demo='python3'
# clang is the distribution's default version; the sanitizer libraries carry that version in their name. lld links the
# many programs of the tests.
test='clang libclang-rt-dev lld llvm clang-tidy clang-format cppcheck shellcheck python3 openssl procps'
# What make deb ARCH=arm64 needs: the cross compiler; the static libraries are of the other architecture.
cross='gcc-aarch64-linux-gnu libc6-dev-arm64-cross binutils-aarch64-linux-gnu'
# What make check-install needs to look at the package in a clean system; with these make check-deb leaves nothing out.
install='lintian debootstrap systemd udev'
# The browser only recommends its fonts.
browser='chromium fonts-liberation'

say() { printf 'deps: %s\n' "$*" >&2; }

mode=list sets=''
for a in "$@"; do
	case $a in
	--check) mode=check ;;
	--install) mode=install ;;
	-h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
	run | demo | test | install | cross | browser) sets="$sets $a" ;;
	*) say "unknown argument $a; sets are run, demo, test, install, cross, browser; modes are --check and --install"; exit 2 ;;
	esac
done

list=$run
for s in $sets; do
	case $s in
	demo) list="$list $demo" ;;
	test) list="$list $test" ;;
	cross) list="$list $cross" ;;
	install) list="$list $install" ;;
	browser) list="$list $browser" ;;
	esac
done

if ! command -v dpkg-query >/dev/null; then
	[ $mode = list ] && echo "$list" | tr ' ' '\n' && exit 0
	say "this machine has no dpkg. Install what corresponds to: $list"
	exit 1
fi

# Debian 12 has no unversioned package of the sanitizer libraries: there it is named after clang's version.
resolve() {
	local v
	case $1 in
	libclang-rt-dev)
		v=$(dpkg-query -W -f '${Depends}' clang 2>/dev/null | sed -n 's/.*clang-\([0-9][0-9]*\).*/\1/p')
		[ -n "$v" ] || v=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\).*/\1/p' | head -n 1)
		if [ -n "$v" ]; then echo "libclang-rt-$v-dev"; fi
		;;
	nodejs) # any recent one will do, whoever packed it; the same for npm, which some packages of nodejs bring along
		command -v node >/dev/null || echo nodejs
		;;
	npm)
		command -v npm >/dev/null || echo npm
		;;
	chromium)
		# Ubuntu's chromium is a wrapper of its own package system; a browser that is there already will do.
		if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then return 0; fi
		echo chromium
		;;
	*) echo "$1" ;;
	esac
}

names=''
for p in $list; do names="$names $(resolve "$p")"; done

if [ $mode = list ]; then
	# shellcheck disable=SC2086  # one a line
	printf '%s\n' $names
	exit 0
fi

# Installed, or provided by something installed (pkg-config is provided by pkgconf).
# shellcheck disable=SC2016,SC2086  # dpkg fills the fields in; names are meant to split
have=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Provides}\n' $names pkgconf 2>/dev/null | sed -n 's/^ii //p' | tr -s ' ,' '\n')
missing=''
for p in $names; do
	grep -qx "$p" <<<"$have" || missing="$missing $p"
done

if [ -z "$missing" ]; then exit 0; fi
if [ $mode = check ]; then
	# shellcheck disable=SC2086
	printf '%s\n' $missing
	exit 1
fi

as_root=''
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		say 'these packages are missing and installing them needs root (there is no sudo here). As root, run:'
		say "apt-get install -y --no-install-recommends$missing"
		exit 1
	fi
	as_root=sudo
fi
command -v apt-get >/dev/null || { say "no apt-get here; install:$missing"; exit 1; }

say "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be empty (fresh image) or old (404): update only if the first try fails.
get() {
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1
}
if ! get; then
	$as_root apt-get update -q >/dev/null 2>&1 || true
	if ! get; then
		tail -n 15 "$log" >&2
		say 'apt-get could not install them; its last lines are above'
		exit 1
	fi
fi
say 'done'
