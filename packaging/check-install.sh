#!/bin/bash
# The package in a clean Debian: packaging/check-install.sh FILE.deb [OLD.deb]   (make check-install; as root)
#
# debootstrap makes a root below build/; in it: install, first start, upgrade with a filled database (check-upgrade.py: people,
# messages with files, dead letters, users, settings, backups, a job that waits), remove, install again, purge without and with
# consent. Without an OLD.deb the same program under a lower version is the old one: to see migrations run, give one that was
# built from an earlier revision (make deb there), ARGS=FILE. The
# root has no service manager: the scripts have to do without, the program is started by hand. Everything is copied into a folder
# of its own first, so that the tree may be built and changed meanwhile. Last line: N passed, N failed.
set -u
deb=$(realpath "$1")
old=${2:-}
top=$(cd "$(dirname "$0")/.." && pwd)
suite=${SUITE:-bookworm}
[ "$(id -u)" -eq 0 ] || { echo 'check-install: needs root (chroot)'; exit 1; }
command -v debootstrap >/dev/null || { echo 'check-install: needs debootstrap (apt-get install debootstrap)'; exit 1; }
own=$(mktemp -d "$top/build/check-install.XXXXXX")
root=$own/root
base=$top/build/check-install.$suite.tar
passed=0 failed=0 server=''
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAIL $*"; }
end() {
	if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
	umount "$root/proc" 2>/dev/null
	rm -rf "$own"
}
trap end EXIT
cp "$deb" "$own/new.deb" && cp -a "$top/packaging" "$top/systemd" "$own/" && deb=$own/new.deb || exit 1
[ -z "$old" ] || { cp "$old" "$own/old.deb" && old=$own/old.deb; } || exit 1
dpkg-deb -R "$deb" "$own/content" || exit 1
SOURCE_DATE_EPOCH=$(stat -c %Y "$own/content/usr/bin/totem") # that of the package, whatever is committed meanwhile
export SOURCE_DATE_EPOCH
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND="${FRONTEND:-noninteractive}" HOME=/root LC_ALL=C.UTF-8 "$@"; }
check() { local what=$1; shift; if "$@" >"$own/out" 2>&1; then ok; else bad "$what"; tail -n 15 "$own/out"; fi; }

if [ ! -f "$base" ]; then
	mirror=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's/^Debian|//p' | head -n 1)
	debootstrap --variant=minbase --include=adduser,debconf,ca-certificates,init-system-helpers "$suite" "$root" ${mirror:+"$mirror"} >"$own/debootstrap.log" 2>&1 ||
		{ tail -n 5 "$own/debootstrap.log"; echo 'check-install: debootstrap failed'; exit 1; }
	tar -C "$root" -cf "$own/base.tar" . && mv "$own/base.tar" "$base"
fi
rm -rf "$root"; mkdir -p "$root"; tar -C "$root" -xf "$base"
mount -t proc proc "$root/proc" || { echo 'check-install: /proc cannot be mounted here'; exit 1; }
if [ -z "$old" ]; then
	old=$own/old.deb
	"$own/packaging/deb.sh" "$own/content/usr/bin/totem" "$(dpkg-deb -f "$deb" Architecture)" 0.0.9 "$old" >/dev/null
fi
cp "$old" "$root/old.deb"; cp "$deb" "$root/new.deb"

check 'the package by itself' env TREE="$top" "$own/packaging/check-deb.sh" "$deb"

start() { # serves in the root; its first line says where
	chroot "$root" setpriv --reuid totem --regid totem --clear-groups /usr/bin/totem serve --data /var/lib/totem \
		--listen 127.0.0.1:0 --hooks-listen 127.0.0.1:0 --set sandbox=false >"$own/serve" 2>&1 &
	server=$!
	for _ in $(seq 100); do grep -q '^listening' "$own/serve" && return 0; sleep 0.1; done
	cat "$own/serve"; return 1
}
stop() { kill "$server"; wait "$server"; local code=$?; server=''; return $code; }
as_totem() { in_root setpriv --reuid totem --regid totem --clear-groups "$@"; }

check 'install' in_root dpkg -i /old.deb
check 'user' in_root getent passwd totem
check 'folder is not private' sh -c "[ \"\$(stat -c '%a %U' '$root/var/lib/totem' 2>/dev/null | cut -d' ' -f1)\" = 700 ]"
check 'unit' test -e "$root/usr/lib/systemd/system/totem.service"
check 'enabled' test -L "$root/etc/systemd/system/multi-user.target.wants/totem.service"
check 'first start' start
check 'the setup link is printed' grep -q '#setup=' "$own/serve"
check 'a command beside the server' as_totem totem config set company_name 'Filled before the upgrade' --data /var/lib/totem
check 'totem check' sh -c "chroot '$root' setpriv --reuid totem --regid totem --clear-groups totem check --data /var/lib/totem --json | grep -q '\"data\"'"
check 'stop' stop
printf '#!/bin/sh\nexec chroot %s setpriv --reuid totem --regid totem --clear-groups /usr/bin/totem "$@"\n' "$root" >"$own/totem" && chmod +x "$own/totem"
# Filled beside the old program, upgraded beside the running server, compared with the new one
check 'upgrade with a filled database' env DIRECT="$root/var/lib/totem" PATH="$PATH" python3 "$top/packaging/check-upgrade.py" \
	"$own/totem" /var/lib/totem chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8 dpkg -i /new.deb
grep -e '^upgraded' -e ' rows in ' "$own/out"
check 'folder for backups' sh -c "[ \"\$(chroot '$root' stat -c '%a %U' /var/backups/totem)\" = '700 totem' ]"
check 'no copy was taken first' sh -c "ls -d '$root'/var/lib/totem/backups/totem-*"
check 'start after the upgrade' start
check 'data is gone' sh -c "chroot '$root' setpriv --reuid totem --regid totem --clear-groups totem config get company_name --data /var/lib/totem | grep -x 'Filled before the upgrade'"
check 'the copy is whole' as_totem totem verify --data /var/lib/totem
check 'stop' stop
check 'a failing copy stops the upgrade' sh -c "dd if=/dev/urandom of='$root/var/lib/totem/totem.db' bs=4096 seek=1 count=8 conv=notrunc 2>/dev/null; ! chroot '$root' dpkg -i /new.deb"
check 'restore' as_totem sh -c 'totem restore "$(ls /var/lib/totem/backups | grep ^totem- | head -n 1)" --data /var/lib/totem'
check 'remove' in_root dpkg -r totem
check 'remove took the data' test -s "$root/var/lib/totem/totem.db"
check 'remove left the program' test ! -e "$root/usr/bin/totem"
check 'install again' in_root dpkg -i /new.deb
check 'start on the old data' start
check 'the data is there' sh -c "chroot '$root' setpriv --reuid totem --regid totem --clear-groups totem config get company_name --data /var/lib/totem | grep -x 'Filled before the upgrade'"
check 'stop' stop
check 'purge without an answer' in_root dpkg -P totem
check 'it took the data without consent' test -s "$root/var/lib/totem/totem.db"
check 'install a third time' in_root dpkg -i /new.deb
check 'consent' sh -c "echo 'totem totem/purge-data boolean true' | chroot '$root' debconf-set-selections"
check 'purge with consent' in_root dpkg -P totem
check 'purge left the data' test ! -e "$root/var/lib/totem"
check 'purge left the user' sh -c "! chroot '$root' getent passwd totem"
check 'something is left' sh -c "! find '$root/etc' '$root/usr' '$root/var/lib/systemd' -name '*totem*' 2>/dev/null | grep -v templates | grep ."
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
