#!/bin/bash
# libcurl: http, https and smtp(s) over mbedTLS, nothing else.
# shellcheck source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"

unpack
debian_patches 'CVE-*' '*CVE-*'
own_patches

# The threaded resolver obeys nsswitch and hosts files and needs no further library.
# No CA bundle path is built in: Totem hands one over as a blob.
# curl's configure wants -D and -U in CPPFLAGS.
cpp='' cc=''
for f in $CFLAGS; do
	case $f in -D* | -U*) cpp="$cpp $f" ;; *) cc="$cc $f" ;; esac
done
CC=$CC AR=$AR CFLAGS=$cc CPPFLAGS=$cpp ./configure --prefix="$OUT" --disable-shared --enable-static --with-pic \
	--with-mbedtls="$(dep mbedtls)" --without-ca-bundle --without-ca-path \
	--without-zlib --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-nghttp2 \
	--without-libssh2 --without-libssh --without-libgsasl \
	--disable-ldap --disable-ldaps --disable-ftp --disable-file --disable-dict --disable-telnet --disable-tftp \
	--disable-pop3 --disable-imap --disable-rtsp --disable-gopher --disable-smb --disable-mqtt --disable-ipfs \
	--disable-websockets --disable-manual --disable-docs --disable-ntlm --disable-alt-svc --disable-hsts \
	--disable-kerberos-auth --disable-negotiate-auth --disable-aws --disable-netrc --disable-doh \
	--disable-unix-sockets --disable-libcurl-option --disable-dependency-tracking --enable-threaded-resolver
make -j"$JOBS" -C lib libcurl.la
cp lib/.libs/libcurl.a "$OUT/lib/"
mkdir -p "$OUT/include/curl"
cp include/curl/*.h "$OUT/include/curl/"
