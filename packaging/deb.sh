#!/bin/bash
# Makes the package: packaging/deb.sh BINARY ARCH VERSION OUT.deb   (make deb)
#
# Everything a Debian machine needs is in packaging/ and systemd/; nothing is compiled here. Dates come from
# SOURCE_DATE_EPOCH or the last commit, owners are root: equal input gives equal bytes.
set -eu
binary=$1 arch=$2 version=$3 out=$4
top=$(cd "$(dirname "$0")/.." && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root" # mktemp's own mode would become that of /
umask 022
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH

put() { install -D -m "$1" "$top/$2" "$root/$3"; } # mode, from, to
gz() { gzip -9n >"$root/$1"; }

install -D -m 755 "$binary" "$root/usr/bin/totem"
for unit in totem.service totem.socket totem-backup.service totem-backup.timer totem-stick@.service totem-kiosk.service; do
	put 644 "systemd/$unit" "usr/lib/systemd/system/$unit"
done
put 755 packaging/stick/stick usr/lib/totem/stick
put 644 packaging/stick/60-totem-stick.rules usr/lib/udev/rules.d/60-totem-stick.rules
put 644 packaging/completion/totem.bash usr/share/bash-completion/completions/totem
put 644 packaging/completion/_totem usr/share/zsh/vendor-completions/_totem
put 644 packaging/totem.conf.example usr/share/doc/totem/examples/totem.conf
put 644 packaging/grafana/totem.json usr/share/doc/totem/examples/grafana/totem.json
put 644 packaging/prometheus/totem.rules.yml usr/share/doc/totem/examples/prometheus/totem.rules.yml
put 644 packaging/deb/copyright usr/share/doc/totem/copyright
put 644 packaging/deb/lintian-overrides usr/share/lintian/overrides/totem
mkdir -p "$root/usr/share/man/man1"
gz usr/share/man/man1/totem.1.gz <"$top/packaging/man/totem.1"
printf 'totem (%s) unstable; urgency=medium\n\n  * See the history of the source.\n\n -- Totem maintainers <maintainers@totem.invalid>  %s\n' \
	"$version" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gz usr/share/doc/totem/changelog.gz

mkdir "$root/DEBIAN"
for f in config preinst postinst prerm postrm; do install -m 755 "$top/packaging/deb/$f" "$root/DEBIAN/$f"; done
install -m 644 "$top/packaging/deb/templates" "$root/DEBIAN/templates"
# Oldest C library that has all symbols that the program asks for.
libc=$( (objdump -T "$binary" 2>/dev/null || "${OBJDUMP:-objdump}" -T "$binary") | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
size=$(du -k -s --apparent-size "$root" | cut -f1)
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@LIBC@/${libc#GLIBC_}/" "$top/packaging/deb/control.in" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$(dirname "$out")"
dpkg-deb --root-owner-group -Zxz --build "$root" "$out" >/dev/null
echo "$out"
