# shellcheck shell=bash
# Shared by the recipes. build.sh sets:
#   SRC    empty work folder          OUT   where include/ and lib/ go
#   ORIG   upstream's tarball         DEB   Debian's tarball (patches)
#   CC AR CFLAGS JOBS                 DEPS  "lib=folder ..." of finished libraries
#   FLAVOUR plain, asan, tsan or fuzz
# A recipe runs alone, with its output in a log that build.sh shows when something fails.

set -eu
HERE=$(cd "$(dirname "$0")" && pwd)

# Unpacks the pristine source and enters it.
unpack() {
	tar -xf "$ORIG" -C "$SRC" --strip-components=1
	tar -xf "$DEB" -C "$SRC"
	cd "$SRC"
	mkdir -p "$OUT/include" "$OUT/lib"
}

# Applies Debian's security patches (names given as shell patterns, in Debian's order) and prints each name.
# Packaging patches are left out: they are made for Debian's own build and some break ours.
debian_patches() {
	local name pattern
	[ -f debian/patches/series ] || return 0
	while read -r name _; do
		for pattern in "$@"; do
			# shellcheck disable=SC2254  # a pattern is meant here
			case $name in
			$pattern)
				echo "patch: debian $name"
				patch -s -p1 -N <"debian/patches/$name"
				;;
			esac
		done
	done <debian/patches/series
}

# Applies our own series: vendor/<lib>/patches/series names files beside it, one a line, # for comments.
own_patches() {
	local name
	[ -f "$HERE/patches/series" ] || return 0
	while read -r name _; do
		case $name in '' | '#'*) continue ;; esac
		echo "patch: ours $name"
		# No fuzz: a patch that only nearly fits has to be looked at.
		patch -s -p1 -N -F0 <"$HERE/patches/$name"
	done <"$HERE/patches/series"
}

# The folder of a library built before.
dep() {
	local d
	for d in $DEPS; do
		[ "${d%%=*}" = "$1" ] && echo "${d#*=}" && return
	done
	echo "recipe: no such dependency: $1" >&2
	exit 1
}

# One archive from the named objects; D: no dates and owners inside, so that equal input gives equal bytes.
archive() {
	local lib=$1
	shift
	rm -f "$OUT/lib/$lib"
	"$AR" rcsD "$OUT/lib/$lib" "$@"
}
