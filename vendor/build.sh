#!/bin/bash
# Builds the third-party libraries as static archives and prints the folder that holds them (last line on stdout).
#
#   vendor/build.sh [--variant release|asan|tsan|fuzz]
#
# Everything lives in a cache outside the tree. Each library has a key made of its tarballs, recipe, patches,
# options and compiler: what has not changed is not built again. README.md explains the layout.
set -eu

VENDOR=$(cd "$(dirname "$0")" && pwd)
CACHE=${TOTEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/totem}
LIBS='sqlite cjson mbedtls civetweb curl rdkafka'

say() { printf 'vendor: %s\n' "$*" >&2; }
die() {
	say "$@"
	exit 1
}

variant=release
while [ $# -gt 0 ]; do
	case $1 in
	--variant) [ $# -ge 2 ] || die '--variant needs a name'; variant=$2; shift ;;
	--variant=*) variant=${1#*=} ;;
	-h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) die "unknown argument $1; usage: vendor/build.sh [--variant release|asan|tsan|fuzz]" ;;
	esac
	shift
done
case $variant in release | asan | tsan | fuzz) ;; *) die "unknown variant $variant: release, asan, tsan or fuzz" ;; esac

# Compilers. Unsanitized archives are always made by gcc where there is one, so that a build of Totem with clang
# reuses them. The fuzzer exists in clang only.
have() { command -v "$1" >/dev/null; }
CC=${CC:-gcc}
CC=${CC%% *}
case ${CC##*/} in
*clang*)
	PLAIN_CC=$CC FUZZ_CC=$CC
	if have gcc; then PLAIN_CC=gcc; fi
	;;
*) PLAIN_CC=$CC FUZZ_CC=clang ;;
esac
AR=${AR:-ar}
for tool in "$PLAIN_CC" make "$AR"; do
	have "$tool" || die "$tool is not installed: run vendor/deps.sh --install run"
done
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN)}

# Which build of a library a variant wants, and by which compiler.
declare -A FLAVOUR WITH
for lib in $LIBS; do
	case $variant:$lib in
	asan:sqlite | asan:cjson | asan:civetweb) FLAVOUR[$lib]=asan WITH[$lib]=$CC ;;
	tsan:sqlite | tsan:cjson | tsan:civetweb) FLAVOUR[$lib]=tsan WITH[$lib]=$CC ;;
	fuzz:sqlite | fuzz:cjson) FLAVOUR[$lib]=fuzz WITH[$lib]=$FUZZ_CC ;;
	*) FLAVOUR[$lib]=plain WITH[$lib]=$PLAIN_CC ;;
	esac
	have "${WITH[$lib]}" ||
		die "${WITH[$lib]} is not installed, the variant $variant needs it: run vendor/deps.sh --install test"
done

# --- keys --------------------------------------------------------------------------------------------------------
# Few processes here: this part runs on every make, also when there is nothing to do.

# The archives of the distribution that librdkafka needs. An update of the package changes size or date.
STATIC=()
near=''
for a in libssl.a libcrypto.a libzstd.a libz.a; do
	f=$near/$a
	[ -n "$near" ] && [ -f "$f" ] || f=$("$PLAIN_CC" -print-file-name="$a")
	[ "$f" != "$a" ] || die "$a is missing (static library of the distribution): run vendor/deps.sh --install run"
	near=${f%/*}
	STATIC+=("$f")
done
STATIC_ID=$(stat -L -c '%n %s %Y' "${STATIC[@]}")

declare -A ID TEXT KEY DIR
keys() {
	local lib cc w l rest f sum lines files=() sums all
	# What the tarballs are: the pinned lines, and a version that fetch.sh took instead.
	TEXT=()
	while read -r w l rest; do
		case $w in lib | file) TEXT[$l]="${TEXT[$l]:-}$rest"$'\n' ;; esac
	done <"$VENDOR/versions"
	for lib in $LIBS; do
		if [ -f "$CACHE/tarballs/$lib.taken" ]; then TEXT[$lib]="${TEXT[$lib]}$(<"$CACHE/tarballs/$lib.taken")"; fi
	done

	# Recipes, patches, options, headers. A library's own README or a hidden file changes nothing.
	for f in "$VENDOR"/recipe.sh "$VENDOR"/flags.sh "$VENDOR"/build.sh "$VENDOR"/*/* "$VENDOR"/*/patches/*; do
		case $f in *.md | *~ | *.orig | *.rej) ;; *) if [ -f "$f" ]; then files+=("${f#"$VENDOR"/}"); fi ;; esac
	done
	sums=$(cd "$VENDOR" && sha256sum "${files[@]}")
	local common=''
	while read -r sum f; do
		case $f in
		build.sh) all=$sum ;;
		*/*) TEXT[${f%%/*}]+="$sum $f"$'\n' ;;
		*) common+="$sum $f"$'\n' ;;
		esac
	done <<<"$sums"

	for lib in mbedtls sqlite cjson civetweb curl rdkafka; do
		cc=${WITH[$lib]}
		[ -n "${ID[$cc]:-}" ] || ID[$cc]=$("$cc" -v 2>&1)
		TEXT[$lib]+="$common$lib ${FLAVOUR[$lib]} $cc ${ID[$cc]}"
		case $lib in
		civetweb | curl) TEXT[$lib]+=${TEXT[mbedtls]} ;;
		rdkafka) TEXT[$lib]+=$STATIC_ID ;;
		esac
	done
	lines=$(sha256sum <(echo "${TEXT[sqlite]}") <(echo "${TEXT[cjson]}") <(echo "${TEXT[mbedtls]}") \
		<(echo "${TEXT[civetweb]}") <(echo "${TEXT[curl]}") <(echo "${TEXT[rdkafka]}") \
		<(echo "$variant $all $STATIC_ID ${TEXT[*]}"))
	{
		for lib in $LIBS; do
			read -r sum _
			KEY[$lib]=${sum:0:16}
			DIR[$lib]=$CACHE/lib/$lib-${FLAVOUR[$lib]}-${KEY[$lib]}
		done
		read -r sum _
		DIGEST=${sum:0:16}
	} <<<"$lines"
}
keys
PREFIX=$CACHE/prefix/$variant-$DIGEST

# A finished prefix is moved into place as a whole, so its presence is enough.
if [ -d "$PREFIX" ]; then
	echo "$PREFIX"
	exit 0
fi

# --- build -------------------------------------------------------------------------------------------------------

mkdir -p "$CACHE/lib" "$CACHE/prefix" "$CACHE/work" "$CACHE/log"
exec 9>"$CACHE/lock"
if ! flock -n 9; then
	say 'another build is running in this cache, waiting for it'
	flock 9
	if [ -d "$PREFIX" ]; then
		echo "$PREFIX"
		exit 0
	fi
fi

# Build from a copy of this folder: an edit during the build must not end up under the key of the text before it.
rm -rf "$CACHE/work/vendor"
cp -r "$VENDOR" "$CACHE/work/vendor"
VENDOR=$CACHE/work/vendor
keys
PREFIX=$CACHE/prefix/$variant-$DIGEST

missing=''
for lib in $LIBS; do [ -d "${DIR[$lib]}" ] || missing="$missing $lib"; done

if [ -n "$missing" ]; then
	# shellcheck disable=SC2086  # one argument per library
	sources=$("$VENDOR/fetch.sh" $missing)
	# fetch.sh may just have taken a newer version: then the keys are others. Start again with them.
	before=$DIGEST
	keys
	if [ "$DIGEST" != "$before" ]; then
		exec 9>&-
		exec "$0" --variant "$variant"
	fi
fi

# shellcheck source=flags.sh
. "$VENDOR/flags.sh"

build_one() { # lib
	local lib=$1 fl cc start orig deb version work log rc
	[ -d "${DIR[$lib]}" ] && return 0
	fl=${FLAVOUR[$lib]} cc=${WITH[$lib]}
	start=$SECONDS
	read -r _ version orig deb <<<"$(grep "^$lib " <<<"$sources")"
	work=$CACHE/work/$lib-$fl log=$CACHE/log/$lib-$fl.log
	rm -rf "$work"
	mkdir -p "$work/src" "$work/out"
	rc=0
	# The environment of the caller's make must not reach theirs (flags, job server).
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CFLAGS -u CPPFLAGS -u LDFLAGS -u LIBS LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1 \
		SRC="$work/src" OUT="$work/out" ORIG="$orig" DEB="$deb" CC="$cc" AR="$AR" JOBS="$JOBS" FLAVOUR="$fl" \
		CFLAGS="$(vendor_flags "$cc" "$fl") -ffile-prefix-map=$CACHE=vendor -ffile-prefix-map=$work/src=vendor/$lib" DEPS="mbedtls=${DIR[mbedtls]}" \
		"$VENDOR/$lib/build.sh" >"$log" 2>&1 9>&- || rc=$?
	if [ $rc -ne 0 ]; then
		tail -n 25 "$log" >&2
		say "$lib failed; the whole log: $log"
		return 1
	fi
	echo "$version" >"$work/out/version"
	mv "$work/out" "${DIR[$lib]}"
	rm -rf "$work"
	say "$lib $version $fl, $((SECONDS - start)) s"
}

# SQLite is one long compilation on one core; the others fill the rest. Two chains, curl needs mbedTLS first.
chain() {
	local lib
	for lib in "$@"; do build_one "$lib" || return 1; done
}
say "building$missing ($variant) in $CACHE"
chain sqlite cjson &
one=$!
chain mbedtls civetweb rdkafka curl &
two=$!
ok=yes
wait $one || ok=no
wait $two || ok=no
[ $ok = yes ] || exit 1

# --- put the prefix together -------------------------------------------------------------------------------------

tmp=$CACHE/prefix/.new.$$
trap 'rm -rf "$tmp"' EXIT
rm -rf "$tmp"
mkdir -p "$tmp/include" "$tmp/lib"
for lib in $LIBS; do
	cp -al "${DIR[$lib]}/include/." "$tmp/include/"
	cp -al "${DIR[$lib]}/lib/." "$tmp/lib/"
done
cp -p -L "${STATIC[@]}" "$tmp/lib/"

macro() { # header macro: its expansion, without quotes
	printf '#include <%s>\nTOTEM_VALUE %s\n' "$1" "$2" | "$PLAIN_CC" -E -P - | sed -n 's/^TOTEM_VALUE *//p' | sed 's/"//g; s/ //g'
}
define() { # NAME version [debian version]
	local a b c
	IFS=.- read -r a b c _ <<<"${2//[!0-9.]/.}"
	printf '#define TOTEM_VENDOR_%s_VERSION "%s"\n' "$1" "$2"
	printf '#define TOTEM_VENDOR_%s_NUMBER %d\n' "$1" $((10#$a * 1000000 + 10#${b:-0} * 1000 + 10#0${c%%.*}))
	if [ -n "${3:-}" ]; then printf '#define TOTEM_VENDOR_%s_PACKAGE "%s"\n' "$1" "$3"; fi
}
{
	echo '/* Made by vendor/build.sh: the versions in this build. NUMBER is major * 1000000 + minor * 1000 + patch. */'
	for lib in $LIBS; do
		v=$(cat "${DIR[$lib]}/version")
		up=${v#*:} up=${up%-*} up=${up%%[+~]*}
		define "${lib^^}" "$up" "$v"
	done
	define OPENSSL "$(macro openssl/opensslv.h OPENSSL_VERSION_STR)"
	define ZSTD "$(macro zstd.h 'ZSTD_VERSION_MAJOR.ZSTD_VERSION_MINOR.ZSTD_VERSION_RELEASE')"
	define ZLIB "$(macro zlib.h ZLIB_VERSION)"
	printf '#define TOTEM_VENDOR_VARIANT "%s"\n#define TOTEM_VENDOR_DIGEST "%s"\n' "$variant" "$DIGEST"
} >"$tmp/versions.h"

# Users before what they use. The TLS of librdkafka is OpenSSL, that of all others mbedTLS.
{
	case $variant in
	asan) printf '%s ' -fsanitize=address,undefined ;;
	tsan) printf '%s ' -fsanitize=thread ;;
	fuzz) printf '%s ' -fsanitize=address ;;
	esac
	for a in civetweb curl mbedtls mbedx509 mbedcrypto cjson sqlite3 rdkafka ssl crypto zstd z; do
		printf '%s ' "$PREFIX/lib/lib$a.a"
	done
	echo '-pthread -ldl -lm'
} >"$tmp/link.flags"
echo "-isystem $PREFIX/include" >"$tmp/compile.flags"
mv "$tmp" "$PREFIX"
trap - EXIT
say "$variant ready after $SECONDS s"
echo "$PREFIX"
