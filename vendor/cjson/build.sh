#!/bin/bash
# cJSON: one file.
# shellcheck source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"

unpack
debian_patches 'CVE-*'
own_patches

# The parser is recursive. The default of 1000 levels is far more than any peer sends.
# shellcheck disable=SC2086  # flags are meant to split
"$CC" $CFLAGS -DCJSON_NESTING_LIMIT=64 -c cJSON.c -o cJSON.o
archive libcjson.a cJSON.o
cp cJSON.h "$OUT/include/"
