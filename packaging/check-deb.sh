#!/bin/bash
# The package by itself: packaging/check-deb.sh FILE.deb   (make check-deb; a part of make test)
#
# Content and modes, scripts, units (systemd-analyze), lintian. A tool that is not there is named; nothing is skipped in
# silence. Last line: N passed, N failed.
set -u
deb=$1
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }
check() { local what=$1; shift; if "$@" >"$work/out" 2>&1; then ok; else bad "$what"; head -n 20 "$work/out"; fi; }

dpkg-deb -R "$deb" "$work/root" || exit 1
SOURCE_DATE_EPOCH=$(stat -c %Y "$work/root/usr/bin/totem") # of this package, not of a commit since
export SOURCE_DATE_EPOCH
for f in usr/bin/totem usr/lib/systemd/system/totem.service usr/lib/systemd/system/totem.socket usr/lib/udev/rules.d/60-totem-stick.rules \
	usr/share/man/man1/totem.1.gz usr/share/bash-completion/completions/totem usr/share/zsh/vendor-completions/_totem \
	usr/share/doc/totem/examples/totem.conf usr/share/doc/totem/examples/grafana/totem.json; do
	check "$f is missing" test -e "$work/root/$f"
done
check 'owners are not root' sh -c "! dpkg-deb -c '$deb' | awk '{print \$2}' | grep -vx root/root"
check 'the program does not run' "$work/root/usr/bin/totem" version
check 'nothing may be writable for others' sh -c "! dpkg-deb -c '$deb' | awk 'substr(\$1,1,1) != \"l\" && substr(\$1,9,1) == \"w\"' | grep ."
for s in config preinst postinst prerm postrm; do
	check "$s has a syntax error" sh -n "$work/root/DEBIAN/$s"
	if command -v shellcheck >/dev/null; then check "shellcheck $s" shellcheck -s sh -e SC1091 "$work/root/DEBIAN/$s"; fi
done
check 'bash completion' bash -n "$work/root/usr/share/bash-completion/completions/totem"
check 'no path of this machine' sh -c "! strings -a '$work/root/usr/bin/totem' | grep -F '${TREE:-$top}'"
# The stick: the rule, and what its script does with a stick of each kind, with stand-ins for what needs root and a device.
check 'stick has a syntax error' sh -n "$top/packaging/stick/stick"
rule="$top/packaging/stick/60-totem-stick.rules"
if udevadm verify --help >/dev/null 2>&1; then check 'the udev rule' udevadm verify "$rule"; fi # since systemd 254
# What udev makes of it, without a running udevd: udevadm test with a disk of this machine that two lines make a stick. Its /run and
# /dev are of its own; for the one word that no property can change the rule is read with "disk" too.
stick_wants() { # BUS DEVTYPE: the units that udev would start
	unshare -m sh -c 'mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && mount -t tmpfs none /dev || exit 9
		sed "s/\"partition\"/\"$3\"/" "$1" >/run/udev/rules.d/60-totem-stick.rules
		echo "SUBSYSTEM==\"block\", ENV{ID_BUS}=\"$2\", ENV{ID_FS_USAGE}=\"filesystem\"" >/run/udev/rules.d/10-a.rules
		udevadm test --action=add "$4" 2>&1' sh "$rule" "$1" "$2" "$disk" | sed -n 's/^ *SYSTEMD_WANTS=//p; /totem-stick.*\([Ii]nvalid\|[Uu]nknown\)/p'
}
disk=$(find /sys/block -mindepth 1 -maxdepth 1 2>/dev/null | sort | head -n 1)
if [ -n "$disk" ] && command -v udevadm >/dev/null && unshare -m sh -c 'mount -t tmpfs none /run' 2>/dev/null; then
	check "udev starts nothing for a stick: $(stick_wants usb disk)" test "$(stick_wants usb disk)" = "totem-stick@${disk##*/}.service"
	check 'udev starts something for a whole disk' test -z "$(stick_wants usb partition)"
	check 'udev starts something for a built-in disk' test -z "$(stick_wants ata disk)"
else
	echo 'udevadm test cannot run here (apt-get install udev; root, a disk in /sys): the udev rule was only read as text'
fi
check 'the udev rule starts the unit' grep -q 'SUBSYSTEM=="block".*ENV{ID_BUS}=="usb".*SYSTEMD_WANTS}+="totem-stick@%k.service"' "$top/packaging/stick/60-totem-stick.rules"
mkdir "$work/stand-in"
for w in mkdir mount umount setpriv; do printf '#!/bin/sh\necho %s "$@" >>"$DID"\n[ %s != setpriv ] || exit "${STICK_EXIT:-0}"\n' $w $w >"$work/stand-in/$w"; done
printf '#!/bin/sh\necho "$STICK_TYPE"\n' >"$work/stand-in/blkid"
printf '#!/bin/sh\necho 990\n' >"$work/stand-in/id"
chmod +x "$work"/stand-in/*
stick() { # TYPE EXIT: what it did, first words only
	: >"$work/did"
	env PATH="$work/stand-in:$PATH" DID="$work/did" STICK_TYPE="$1" STICK_EXIT="$2" sh "$top/packaging/stick/stick" /dev/none || echo "exit $?" >>"$work/did"
	cut -d' ' -f1,2 "$work/did" | sed 's/ -.*\| \/.*//' | tr '\n' ' '
}
check "a FAT stick: $(stick vfat 0)" test "$(stick vfat 0)" = 'mkdir mount setpriv umount '
check 'FAT files belong to the service' grep -q 'mount -o nosuid,nodev,noexec,uid=990,gid=990,umask=077 /dev/none' "$work/did"
check "a stick that is refused: $(stick ext4 77)" test "$(stick ext4 77)" = 'mkdir mount setpriv umount exit 77 '
check "what we do not write to: $(stick iso9660 0)" test "$(stick iso9660 0)" = 'mkdir '
# Before an upgrade: a copy of the folder that the configuration names, or a word that there is none.
mkdir -p "$work/box/etc/totem" "$work/box/srv/own" "$work/before"
printf '#!/bin/sh\necho "$@" >>"$DID"\n' >"$work/before/runuser"
printf '#!/bin/sh\n' >"$work/before/totem"
printf '#!/bin/sh\necho "A=1 $UNIT_ENVIRONMENT B=2"\n' >"$work/before/systemctl"
chmod +x "$work"/before/*
before() { : >"$work/did"; env PATH="$work/before:$PATH" DID="$work/did" DPKG_ROOT="$work/box" UNIT_ENVIRONMENT="${1:-}" sh "$top/packaging/deb/preinst" upgrade 2>&1; cat "$work/did"; }
copied() { grep -qx -- "-u totem -- totem backup --fast --data $work/box$1" "$work/did"; }
check "no database is not told: $(before)" sh -c "echo '$(before)' | grep -q 'no database in $work/box/var/lib/totem'"
printf '# data_dir = /no\n data_dir =  /srv/own \n' >"$work/box/etc/totem/totem.conf"
: >"$work/box/srv/own/totem.db"
before >/dev/null; check 'no copy of another data_dir' copied /srv/own
mkdir -p "$work/box/srv/unit"; : >"$work/box/srv/unit/totem.db"
before TOTEM_DATA_DIR=/srv/unit >/dev/null; check 'no copy of the data_dir of the unit' copied /srv/unit
for u in totem.service totem-backup.service totem-stick@.service; do check "$u may not write to /var/backups/totem" grep -qx 'ReadWritePaths=-/var/backups/totem' "$top/systemd/$u"; done
# Equal input, equal bytes.
check 'a second build' "$top/packaging/deb.sh" "$work/root/usr/bin/totem" "$(dpkg-deb -f "$deb" Architecture)" "$(dpkg-deb -f "$deb" Version)" "$work/again.deb"
check 'the second build differs' cmp "$deb" "$work/again.deb"

# A start that fails for want of room is tried until there is some; the codes of sysexits.h: 69, 74.
check 'the unit gives up after some starts' grep -qx 'StartLimitIntervalSec=0' "$top/systemd/totem.service"
check 'the unit starts without a pause' grep -qxE 'RestartSec=([2-9]|1[0-9])' "$top/systemd/totem.service"
check 'the unit stays down after a full disk' sh -c "! grep -E '^RestartPreventExitStatus=.*\\b(69|74)\\b' '$top/systemd/totem.service'"

if command -v systemd-analyze >/dev/null; then
	level=$(systemd-analyze security --offline=true --no-pager "$top/systemd/totem.service" 2>/dev/null | sed -n 's/.*Overall exposure level for totem.service: \([0-9.]*\).*/\1/p')
	echo "exposure of totem.service: ${level:-unknown}"
	check "exposure ${level:-unknown} is above 1.5" awk -v l="${level:-10}" 'BEGIN { exit !(l <= 1.5) }'
	mkdir "$work/verify"
	for u in "$top"/systemd/totem*.service "$top"/systemd/totem*.socket "$top"/systemd/totem*.timer; do
		# What is wrong in the unit itself, not that this machine has no totem, no manual and no device.
		systemd-analyze verify "$u" 2>&1 | grep -F "${u##*/}" | grep -vE "not executable|man totem|Failed to (create|add|open).*/start" >"$work/verify/${u##*/}" || true
		check "${u##*/}: $(head -n 3 "$work/verify/${u##*/}")" test ! -s "$work/verify/${u##*/}"
	done
else
	echo 'systemd-analyze is not here: exposure and units were not checked'
fi
if command -v lintian >/dev/null; then
	lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$deb" >"$work/lintian" 2>&1
	check "lintian: $(cat "$work/lintian")" test ! -s "$work/lintian"
else
	echo 'lintian is not here: the package was not looked at by it (apt-get install lintian)'
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
