#!/bin/bash
# Attack tests of the patches in vendor/civetweb/patches.
#
#   tests/attack/run.sh            (a) with all patches every attack must be repelled and honest clients served;
#                                  (b) without one patch (and those that need it) its attacks must succeed,
#                                      or the test would not notice that the patch is missing
#   tests/attack/run.sh --full     only (a)
#
# Builds the library from vendor/fetch.sh's tarballs with another set of patches each time.
# TOTEM_PREFIX    built libraries (mbedTLS is needed); default: the newest release prefix in the cache
# CIVETWEB_SRC    unpacked pristine source with Debian's CVE patches, instead of the tarballs
# SANITIZE=1      (a) with address and undefined behaviour sanitizer
# Loopback only, ports chosen by the system. Ends only what it started.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
PATCHES=$ROOT/vendor/civetweb/patches
CACHE=${TOTEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/totem}
CC=${CC:-cc}
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
passed=0 failed=0

die() { echo "attack: $*" >&2; exit 1; }
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }

# --- sources and libraries ---------------------------------------------------------------------------------------

prefix=${TOTEM_PREFIX:-}
if [ -z "$prefix" ]; then
	for p in "$CACHE"/prefix/release-*; do
		if [ -f "$p/lib/libmbedtls.a" ] && { [ -z "$prefix" ] || [ "$p" -nt "$prefix" ]; }; then prefix=$p; fi
	done
fi
[ -f "$prefix/lib/libmbedtls.a" ] || die 'no built mbedTLS; run vendor/build.sh or set TOTEM_PREFIX'

if [ -n "${CIVETWEB_SRC:-}" ]; then
	cp -r "$CIVETWEB_SRC" "$WORK/base"
else
	read -r _ _ orig deb <<<"$("$ROOT/vendor/fetch.sh" civetweb | grep '^civetweb ')"
	[ -f "$orig" ] && [ -f "$deb" ] || die 'no tarballs of civetweb'
	mkdir "$WORK/base"
	tar -xf "$orig" -C "$WORK/base" --strip-components=1
	tar -xf "$deb" -C "$WORK/base"
	(
		cd "$WORK/base"
		# As in vendor/civetweb/build.sh: only the security patches
		grep -e '^CVE-' -e '^0001-Make-parsing' debian/patches/series |
			while read -r name _; do patch -s -p1 -N <"debian/patches/$name"; done
	)
fi

# --- certificates ------------------------------------------------------------------------------------------------

certs=$WORK/certs
mkdir "$certs"
(
	cd "$certs"
	exec >/dev/null 2>&1
	key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
	# issue <name> <subject> <issuer> <extensions...>
	issue() {
		key "$1-key.pem"
		openssl req -new -key "$1-key.pem" -subj "$2" -out "$1.csr"
		printf '%s\n' "${@:4}" >"$1.ext"
		openssl x509 -req -in "$1.csr" -CA "$3-ca.pem" -CAkey "$3-key.pem" -CAcreateserial -days 3 -extfile "$1.ext" -out "$1-crt.pem"
	}
	for ca in root client other; do
		key $ca-key.pem
		openssl req -x509 -new -key $ca-key.pem -subj "/CN=$ca test CA" -days 3 -out $ca-ca.pem
	done
	mv root-ca.pem root.pem; cp root.pem root-ca.pem
	issue inter '/CN=intermediate test CA' root basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign
	cp inter-crt.pem inter-ca.pem
	issue server /CN=localhost inter subjectAltName=DNS:localhost keyUsage=digitalSignature
	cat server-crt.pem inter-crt.pem >fullchain.pem
	cat server-key.pem fullchain.pem >server.pem
	cat client-key.pem fullchain.pem >mismatch.pem
	mv client-key.pem clientca-key.pem; cp client-ca.pem clientca-ca.pem
	issue client /O=Test/CN=client.test clientca extendedKeyUsage=clientAuth
	cat client-key.pem client-crt.pem >client.pem
	issue foreign /O=Test/CN=client.test other extendedKeyUsage=clientAuth
	cat foreign-key.pem foreign-crt.pem >foreign.pem
	key self-key.pem
	openssl req -x509 -new -key self-key.pem -subj /CN=client.test -days 3 -out self.pem
	cat self-key.pem self.pem >selfsigned.pem
)
for f in server client foreign selfsigned mismatch; do [ -s "$certs/$f.pem" ] || die 'openssl made no certificates'; done

# --- builds ------------------------------------------------------------------------------------------------------

series=$(sed 's/#.*//; /^ *$/d' "$PATCHES/series")

# The patches that fall out with one: itself and whatever needs it, directly or not.
without() {
	local out=" $1 " name need again=yes n
	while [ $again = yes ]; do
		again=no
		while read -r name need; do
			n=${name%%-*}
			for need in ${need#needs}; do
				case $out in *" $n "*) ;; *" $need "*) out="$out$n " again=yes ;; esac
			done
		done <<<"$series"
	done
	echo "$out"
}

# build <folder> <list of left out patches>. Short times instead of the real ones, so that the tests are short.
build() {
	local dir=$WORK/$1 name extra=()
	cp -r "$WORK/base" "$dir"
	cd "$dir"
	while read -r name _; do
		case $2 in *" ${name%%-*} "*) continue ;; esac
		patch -s -p1 -N -F0 <"$PATCHES/$name" || return 1
	done <<<"$series"
	if [ "$1" = full ] && [ -n "${SANITIZE:-}" ]; then extra=(-g '-fsanitize=address,undefined' -fno-sanitize-recover=undefined); fi
	$CC -O1 -w "${extra[@]}" -DNDEBUG -DUSE_MBEDTLS -DUSE_IPV6 -DNO_CGI -DNO_FILES -DUSE_STACK_SIZE=262144 \
		-DSOCKET_TIMEOUT_QUANTUM=200 -DMG_DEFER_ACCEPT_S=1 -DMG_TLS_HANDSHAKE_TIMEOUT_MS=1500 -DMG_MIN_WRITE_RATE=64000000.0 -DMG_CROWDED_WRITE_MS=500 \
		-Iinclude -I"$prefix/include" src/civetweb.c "$HERE/attack_server.c" -o "$dir/server" \
		-L"$prefix/lib" -lmbedtls -lmbedx509 -lmbedcrypto -lpthread -ldl -lm
}

sets=full
if [ "${1:-}" != --full ]; then sets="full $(sed 's/-.*//' <<<"$series" | tr '\n' ' ')"; fi
# Two compilers at a time
running=0
for s in $sets; do
	if [ "$s" = full ]; then out=' '; else out=$(without "$s"); fi
	(build "$s" "$out" >"$WORK/$s.log" 2>&1) &
	running=$((running + 1))
	if [ $running -ge 2 ]; then wait -n || true; running=$((running - 1)); fi
done
wait

# --- (a) ---------------------------------------------------------------------------------------------------------

if [ ! -x "$WORK/full/server" ]; then
	cat "$WORK/full.log" >&2
	die 'the patched library does not build'
fi
while read -r name result detail; do
	if [ "$result" = repelled ]; then good; else bad "$name: $result with all patches ($detail)"; fi
done <<<"$(python3 "$HERE/attack.py" "$WORK/full/server" "$certs")"

# --- (b) ---------------------------------------------------------------------------------------------------------

# Some at a time, since most attacks only wait. 0001 measures processor time and runs alone.
attack_without() {
	[ ! -x "$WORK/$1/server" ] || python3 "$HERE/attack.py" "$WORK/$1/server" "$certs" --of "$1" >"$WORK/$1.out" 2>&1
}
running=0
for s in $sets; do
	case $s in full | 0001) continue ;; esac
	attack_without "$s" &
	running=$((running + 1))
	if [ $running -ge 3 ]; then wait -n || true; running=$((running - 1)); fi
done
wait
case $sets in *0001*) attack_without 0001 ;; esac

for s in $sets; do
	[ "$s" = full ] && continue
	if [ ! -x "$WORK/$s/server" ]; then
		cat "$WORK/$s.log" >&2
		bad "without $s: does not build"
		continue
	fi
	n=0
	while read -r name result detail; do
		n=$((n + 1))
		if [ "$result" = succeeded ]; then good; else bad "$name: $result without patch $s: the test does not notice it ($detail)"; fi
	done <"$WORK/$s.out"
	[ $n -gt 0 ] || bad "patch $s has no attack"
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
