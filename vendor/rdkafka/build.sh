#!/bin/bash
# librdkafka, C part only. OpenSSL, zstd and zlib come static from the distribution's -dev packages
# (libssl-dev, libzstd-dev, zlib1g-dev): the distribution patches them, a rebuild takes the patch over.
# shellcheck source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"

unpack
debian_patches 'CVE-*' # Debian's other patches need separate packages
own_patches

# No cyrus-sasl, no curl of its own (OIDC tokens are fetched with ours and handed over), built-in lz4, no syslog.
# pthreads instead of C11 threads: the thread sanitizer does not know the latter and crashes in their threads.
# --no-download: its build system would otherwise fetch things by itself.
# Its configure asks for a C++ compiler, of which nothing is used here: any that answers to --version will do.
any_cxx=$CC
# For size: it is a fifth of the program, waits for the network, and the whole has to stay below 12 MB.
CFLAGS=${CFLAGS/-O2/-Os}
CC=$CC CXX=$any_cxx CFLAGS=$CFLAGS ./configure --prefix="$OUT" --enable-static --disable-gssapi --disable-curl --disable-lz4-ext \
	--disable-syslog --disable-c11threads --disable-debug-symbols --no-download
for f in WITH_SSL WITH_ZSTD WITH_ZLIB; do
	grep -q "$f 1" config.h || {
		echo "librdkafka was configured without $f: run vendor/deps.sh --install run" >&2
		exit 1
	}
done
make -j"$JOBS" -C src librdkafka.a
# It brings an old cJSON under the same names as ours. With the old one gone the linker cannot take the wrong one.
"$AR" dD src/librdkafka.a cJSON.o
# What is left is one call that would put librdkafka's allocator into our cJSON, from whichever thread opens the
# first producer while others may be parsing. It is sent to an empty function.
echo 'void rd_kafka_no_cjson_hooks(void *hooks) { (void)hooks; }' >nohooks.c
# shellcheck disable=SC2086  # flags are meant to split
"$CC" $CFLAGS -c nohooks.c -o nohooks.o
"${OBJCOPY:-objcopy}" --redefine-sym cJSON_InitHooks=rd_kafka_no_cjson_hooks src/librdkafka.a
"$AR" rcsD src/librdkafka.a nohooks.o
if nm src/librdkafka.a 2>/dev/null | grep -q ' cJSON_'; then
	echo 'librdkafka uses cJSON in a new way: look at it before going on (vendor/rdkafka/build.sh)' >&2
	exit 1
fi
# Its own implementation of C11 threads has the plain names mtx_*, cnd_*, thrd_*: ours (base/mtx.h) begin alike, and the
# linker would mix them. They get a prefix.
nm src/librdkafka.a 2>/dev/null | awk '$2 == "T" && $3 ~ /^(mtx|cnd|thrd|tss|call_once)/ { print $3 " rd_" $3 }' |
	sort -u >threads.syms
"${OBJCOPY:-objcopy}" --redefine-syms=threads.syms src/librdkafka.a
cp src/librdkafka.a "$OUT/lib/"
mkdir -p "$OUT/include/librdkafka"
cp src/rdkafka.h src/rdkafka_mock.h "$OUT/include/librdkafka/"
