#!/bin/bash
# SQLite: Debian's tarball is the source tree, so the amalgamation (sqlite3.c) is made first.
# shellcheck source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"

unpack
debian_patches 'CVE-*'
own_patches

# --enable-update-limit makes a parser that knows DELETE ... LIMIT; the macro alone does not.
# The generator runs in SQLite's own small Tcl, no tclsh is needed.
CFLAGS='-O1 -w' ./configure --disable-tcl --enable-update-limit
make -j"$JOBS" sqlite3.c

# Options: one a line in options, comments after #.
options=$(sed 's/#.*//' "$HERE/options")
case $FLAVOUR in
plain) ;;
*) options="$options -DSQLITE_ENABLE_API_ARMOR=1" ;; # wrong calls are reported instead of crashing later
esac
# Zeroed automatic variables cost most here (large work structures) and this code is the best tested of all.
# shellcheck disable=SC2086  # flags are meant to split
"$CC" ${CFLAGS/-ftrivial-auto-var-init=zero/} $options -c sqlite3.c -o sqlite3.o
archive libsqlite3.a sqlite3.o
cp sqlite3.h "$OUT/include/"
