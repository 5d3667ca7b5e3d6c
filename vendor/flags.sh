# shellcheck shell=bash
# Compiler flags for the libraries: warnings off (not our code), the same hardening as Totem itself.
# Sourced by build.sh; its text is part of every key.

vendor_flags() { # compiler flavour
	local cc=$1 f flags='-O2 -g1 -w -fPIC -ffunction-sections -fdata-sections -fno-strict-overflow -fno-delete-null-pointer-checks'
	case $2 in
	plain)
		# Flags that depend on compiler and processor are tried; an unknown one is left out.
		for f in -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard \
			-ftrivial-auto-var-init=zero -fstrict-flex-arrays=1; do
			if echo 'int x;' | "$cc" -Werror "$f" -x c -c -o /dev/null - 2>/dev/null; then flags="$flags $f"; fi
		done
		flags="$flags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
		;;
	# The sanitizers see more than the fortified functions and do not mix with them.
	asan) flags="$flags -O1 -g -fno-omit-frame-pointer -U_FORTIFY_SOURCE -fsanitize=address,undefined" ;;
	tsan) flags="$flags -O1 -g -fno-omit-frame-pointer -U_FORTIFY_SOURCE -fsanitize=thread" ;;
	fuzz) flags="$flags -O1 -g -fno-omit-frame-pointer -U_FORTIFY_SOURCE -fsanitize=fuzzer-no-link,address" ;;
	esac
	echo "$flags"
}
