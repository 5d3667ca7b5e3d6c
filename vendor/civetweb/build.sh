#!/bin/bash
# CivetWeb: one file (it includes its .inl parts).
# shellcheck source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"

unpack
# CVE-2025-55763: heap overflow in the directory redirect. 0001-...: CVE-2025-9648, endless loop on a NUL in a form.
debian_patches 'CVE-*' '0001-Make-parsing-of-URL-encoded-forms-more-robust*'
own_patches

# NO_CGI, NO_FILES: Totem serves from memory and starts no programs; what is not compiled has no holes.
# No websockets: the admin page streams with server-sent events.
# Neither NO_SSL (it would drop the HSTS option and the port check) nor NO_SSL_DL: with USE_MBEDTLS nothing is
# loaded at run time anyway.
# SOCKET_TIMEOUT_QUANTUM: the master thread notices a stop only after it, 2,000 ms by default.
# shellcheck disable=SC2086  # flags are meant to split
"$CC" $CFLAGS -DNDEBUG -DUSE_MBEDTLS -DUSE_IPV6 -DNO_CGI -DNO_FILES -DUSE_STACK_SIZE=262144 \
	-DSOCKET_TIMEOUT_QUANTUM=200 \
	-Iinclude -I"$(dep mbedtls)/include" -c src/civetweb.c -o civetweb.o
archive libcivetweb.a civetweb.o
cp include/civetweb.h "$OUT/include/"
