#!/bin/bash
# Fetches the sources of the libraries from Debian's source packages, by package name.
#
#   vendor/fetch.sh [--refresh] [lib...]      prints for each: lib version upstream-tarball debian-tarball
#
# Which versions: the file versions. Where from: the mirror that this machine's apt already uses (no host is named
# here). What is fetched is checked against the SHA256 in the suite's signed index. Tarballs that lie in the cache
# are used without any network; --refresh looks again whether the suite has something newer.
#
# TOTEM_VENDOR_TARBALLS=<folder>  take tarballs from there and use no network at all
# TOTEM_DEBIAN_MIRROR=<uri>       ask this Debian mirror instead of the machine's own
# TOTEM_VENDOR_SUITE=<suite...>   look in these suites instead of those in the file versions
set -eu

VENDOR=$(cd "$(dirname "$0")" && pwd)
CACHE=${TOTEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/totem}
DIR=$CACHE/tarballs

say() { printf 'vendor: %s\n' "$*" >&2; }
die() {
	say "$1"
	shift
	for line in "$@"; do printf '        %s\n' "$line" >&2; done
	exit 1
}

refresh=no wanted=''
for a in "$@"; do
	case $a in
	--refresh) refresh=yes ;;
	-h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
	-*) die "unknown argument $a; usage: vendor/fetch.sh [--refresh] [lib...]" ;;
	*) wanted="$wanted $a" ;;
	esac
done

# --- the table ---------------------------------------------------------------------------------------------------

declare -A PACKAGE VERSION LEAST BELOW FILES SUITES
libs=''
while read -r kind a b c d e _; do
	case $kind in
	lib) libs="$libs $a" PACKAGE[$a]=$b VERSION[$a]=$c LEAST[$a]=$d BELOW[$a]=$e ;;
	file) FILES[$a]="${FILES[$a]:-}$b $c"$'\n' ;;
	suites) SUITES[$a]="$b $c $d $e" ;;
	esac
done <"$VENDOR/versions"
wanted=${wanted:-$libs}
for lib in $wanted; do [ -n "${PACKAGE[$lib]:-}" ] || die "unknown library $lib; there are:$libs"; done

upstream() { # Debian version: without epoch, revision and +dfsg
	local v=${1#*:}
	v=${v%-*}
	echo "${v%%[+~]*}"
}

# Refuses what must not be used, with the reason. Silent when fine.
verdict() { # lib version
	local up
	up=$(upstream "$2")
	if dpkg --compare-versions "$up" lt "${LEAST[$1]}"; then
		echo "${PACKAGE[$1]} $2 is too old: ${LEAST[$1]} is the oldest that Totem accepts"
	elif [ "${BELOW[$1]}" != - ] && dpkg --compare-versions "$up" ge "${BELOW[$1]}"; then
		echo "${PACKAGE[$1]} $2 is too new: Totem is written for versions below ${BELOW[$1]}"
	fi
}

# --- tarballs that are here --------------------------------------------------------------------------------------

# A list of "name sha256" lines is complete and right in a folder?
present() { # folder list
	local name sum
	while read -r name sum; do
		[ -z "$name" ] && continue
		[ -f "$1/$name" ] || return 1
	done <<<"$2"
	(cd "$1" && sed -n 's/^\([^ ]*\) \([0-9a-f]*\)$/\2  \1/p' <<<"$2" | sha256sum --status -c -)
}

# <lib>.taken records a version that is not the pinned one: "version <v> instead of <pinned>", then the files.
taken_files() { # folder lib
	local first
	[ -f "$1/$2.taken" ] || return 1
	read -r first <"$1/$2.taken"
	[ "${first##* }" = "${VERSION[$2]}" ] || return 1
	sed 1d "$1/$2.taken"
}

print_one() { # lib version list
	local name orig='' deb=''
	while read -r name _; do
		case $name in *.orig.tar.*) orig=$DIR/$name ;; *.debian.tar.*) deb=$DIR/$name ;; esac
	done <<<"$3"
	echo "$1 $2 $orig $deb"
}

# Prints the line of a library if its tarballs are here (copied from folder $1 where that is another one).
from_folder() { # folder lib
	local list version=${VERSION[$2]} name
	if present "$1" "${FILES[$2]}"; then
		list=${FILES[$2]}
		# The pinned version is back: an older record no longer counts.
		[ "$1" = "$DIR" ] && rm -f "$DIR/$2.taken"
	elif list=$(taken_files "$1" "$2") && present "$1" "$list"; then
		read -r _ version _ <"$1/$2.taken"
		[ "$1" = "$DIR" ] || cp -f "$1/$2.taken" "$DIR/"
	else
		return 1
	fi
	if [ "$1" != "$DIR" ]; then
		while read -r name _; do [ -z "$name" ] || cp -f "$1/$name" "$DIR/"; done <<<"$list"
	fi
	print_one "$2" "$version" "$list"
}

mkdir -p "$DIR"
open=''
for lib in $wanted; do
	if [ $refresh = no ] && from_folder "$DIR" "$lib"; then continue; fi
	if [ -n "${TOTEM_VENDOR_TARBALLS:-}" ]; then
		from_folder "$TOTEM_VENDOR_TARBALLS" "$lib" && continue
		die "no usable tarballs of $lib in $TOTEM_VENDOR_TARBALLS (TOTEM_VENDOR_TARBALLS)" \
			'These files are needed, with these SHA256 (see vendor/versions):' \
			"$(sed '/^$/d; 2,$s/^/        /' <<<"${FILES[$lib]}")" \
			"Copy them from $DIR of a machine that has built Totem, or unset the variable."
	fi
	open="$open $lib"
done
[ -n "$open" ] || exit 0

# --- the mirror --------------------------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null; }
offline_hint="Without a mirror: copy the tarballs named in vendor/versions into $DIR, or name their folder in TOTEM_VENDOR_TARBALLS."
have apt-get || die 'sources are fetched with apt, which this machine does not have' "$offline_hint"

# A private apt: own sources, own lists; the machine's apt is only asked where its mirror is.
state=$CACHE/apt
methods=$(apt-config shell d Dir::Bin::methods/f)
eval "$methods"
# shellcheck disable=SC2154  # d comes from the line above
helper=$(dirname "$d")/apt-helper
[ -x "$helper" ] || helper=/usr/lib/apt/apt-helper

if [ -n "${TOTEM_DEBIAN_MIRROR:-}" ]; then
	label=Debian uri=$TOTEM_DEBIAN_MIRROR own=''
else
	# shellcheck disable=SC2016  # apt fills these in
	targets=$(apt-get indextargets --format '$(LABEL)|$(COMPONENT)|$(REPO_URI)|$(CODENAME)' 'Created-By: Packages' 2>/dev/null || true)
	line=$(grep -m 1 '^Debian|main|' <<<"$targets" || grep -m 1 '^Ubuntu|main|' <<<"$targets" || true)
	[ -n "$line" ] || die 'the apt of this machine names no Debian or Ubuntu mirror' \
		'Run "apt-get update" once if its lists are empty, or name a mirror: TOTEM_DEBIAN_MIRROR=<uri>.' "$offline_hint"
	IFS='|' read -r label _ uri own <<<"$line"
	own=${own%%-*}
fi
suites=${TOTEM_VENDOR_SUITE:-${SUITES[$label]}}
suites=${suites//own/$own}
components=main
[ "$label" = Ubuntu ] && components='main universe'

# The archive's own key ring where it is installed; else whatever apt trusts.
signed=''
for ring in debian-archive-keyring.pgp debian-archive-keyring.gpg; do
	if [ "$label" = Debian ] && [ -z "$signed" ] && [ -f "/usr/share/keyrings/$ring" ]; then
		signed="[signed-by=/usr/share/keyrings/$ring] "
	fi
done

private_apt() { # suite: makes the configuration and reads the suite's index
	local s=$state/$1
	rm -rf "$s"
	mkdir -p "$s/lists/partial" "$s/cache/archives/partial" "$s/parts"
	echo "deb-src $signed$uri $1 $components" >"$s/sources.list"
	cat >"$s/apt.conf" <<EOF
Dir::Etc::sourcelist "$s/sources.list";
Dir::Etc::sourceparts "$s/parts";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$s/parts";
Dir::State::lists "$s/lists";
Dir::Cache "$s/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
	export APT_CONFIG=$s/apt.conf
	apt-get -qq update >"$s/log" 2>&1
}

# "uri name sha256" of the two tarballs of a package. Not with "apt-get source" itself: some mirrors lack a .dsc,
# and then it unpacks nothing although the tarballs are there.
look_up() { # package
	apt-get -qq --print-uris --download-only source "$1" 2>/dev/null | tr -d "'" |
		sed -n 's/^\([^ ]*\) \([^ ]*\.\(orig\|debian\)\.tar\.[a-z0-9]*\) [0-9]* SHA256:\([0-9a-f]*\)$/\1 \2 \4/p'
}

problems='' notes=''
for suite in $suites; do
	[ -n "$open" ] || break
	say "looking for$open in $label $suite"
	if ! private_apt "$suite"; then
		problems="$problems$suite: the index could not be read: $(grep -m 1 '^[EW]:' "$state/$suite/log" || echo 'no answer')"$'\n'
		continue
	fi
	jobs=() left=''
	for lib in $open; do
		lines=$(look_up "${PACKAGE[$lib]}")
		deb=$(awk '$2 ~ /\.debian\.tar/ {print $2}' <<<"$lines")
		if [ "$(wc -l <<<"$lines")" -ne 2 ] || [ -z "$deb" ]; then
			problems="$problems$suite: no source package ${PACKAGE[$lib]}"$'\n'
			left="$left $lib"
			continue
		fi
		version=${deb#*_} version=${version%.debian.tar.*}
		no=$(verdict "$lib" "$version")
		if [ -n "$no" ]; then
			problems="$problems$suite: $no"$'\n'
			left="$left $lib"
			continue
		fi
		list=$(awk '{print $2, $3}' <<<"$lines")
		while read -r from name sum; do
			present "$DIR" "$name $sum" || jobs+=("$from" "$DIR/.part.$name" "SHA256:$sum")
		done <<<"$lines"
		printf 'version %s instead of %s\n%s\n' "$version" "${VERSION[$lib]}" "$list" >"$state/$lib.found"
		notes="$notes $lib"
	done
	# apt checks the sums while it downloads; a file gets its real name only afterwards.
	if [ ${#jobs[@]} -gt 0 ] && ! "$helper" download-file "${jobs[@]}" >"$state/$suite/log" 2>&1; then
		problems="$problems$suite: a download failed: $(grep -m 1 '^E:' "$state/$suite/log" || true)"$'\n'
	fi
	for part in "$DIR"/.part.*; do [ -f "$part" ] && mv "$part" "$DIR/${part##*/.part.}"; done
	for lib in $notes; do
		version=$(sed -n '1s/version \([^ ]*\) .*/\1/p' "$state/$lib.found")
		list=$(sed 1d "$state/$lib.found")
		if ! present "$DIR" "$list"; then
			left="$left $lib"
			rm -f "$state/$lib.found"
			continue
		fi
		# Equal to the pinned version in every byte?
		if [ "$(sort <<<"$list")" = "$(sed '/^$/d' <<<"${FILES[$lib]}" | sort)" ]; then
			rm -f "$DIR/$lib.taken" "$state/$lib.found"
		else
			say "$lib: $suite has $version where vendor/versions names ${VERSION[$lib]}; taking $version"
			mv "$state/$lib.found" "$DIR/$lib.taken"
		fi
		print_one "$lib" "$version" "$list"
	done
	notes='' open=$left
done

[ -z "$open" ] || die "no usable sources for:$open" \
	"$(sed '/^$/d; 2,$s/^/        /' <<<"$problems")" \
	'What helps: a Debian mirror with a newer suite (TOTEM_DEBIAN_MIRROR=<uri>, and the package debian-archive-keyring' \
	'so that its signature can be checked), another suite (TOTEM_VENDOR_SUITE=<name>), or the tarballs themselves.' \
	"$offline_hint"
