#!/bin/bash
# mbedTLS with our own configuration.
# shellcheck source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"

unpack
debian_patches 'CVE-*'
own_patches

# Ours takes the place of the default, so that every user of the headers sees the same configuration
# without having to define anything.
cp "$HERE/totem_mbedtls_config.h" include/mbedtls/mbedtls_config.h
make -j"$JOBS" -C library static CC="$CC" AR="$AR" CFLAGS="$CFLAGS" WARNING_CFLAGS=
cp library/libmbedtls.a library/libmbedx509.a library/libmbedcrypto.a "$OUT/lib/"
cp -r include/mbedtls include/psa "$OUT/include/"
