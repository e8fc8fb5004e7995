#!/bin/sh
# Builds everything that pgbox links, as static libraries, into one folder:
#
#   bin/musl-gcc            compiler wrapper: musl's headers and libc, every link a static PIE
#   include/ lib/           headers and archives of all libraries
#   engine/dump.o           pg_dump, pg_restore and pg_dumpall joined; their mains are pg_dump_main ...
#   engine/psql.o           psql; its main is psql_main
#   ca-bundle.pem          Mozilla's certificates
#   zones                  a line `NAME RULE` for each time zone
#   licenses/ versions
#   hardening              compiler flags for all of pgbox, which the Makefile reads
#
# usage: tools/libs.sh TARGET SOURCES DEST     (called by build.sh, which verified SOURCES)
#
# A change here, or to sources.lock, gives a new cache key and so a new build: see build.sh.
set -eu

target=$1 sources=$2 dest=$3
here=$(cd "$(dirname "$0")/.." && pwd)
work=$dest/work
jobs=$(nproc)

tools=$target-linux-gnu-

# The same bytes on every machine and from every folder.
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1 ZERO_AR_DATE=1
export MUSL_GCC_FLAGS="-ffile-prefix-map=$work=. -ffile-prefix-map=$dest=."
export PATH="$dest/bin:$PATH" CC=musl-gcc AR="${tools}ar" RANLIB="${tools}ranlib"

# Variables are zero where nothing else is assigned; a large frame cannot jump over the guard page; indirect branches
# and returns land only where they may, on processors that check it.
hardening='-fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero'
case $target in
x86_64) hardening="$hardening -fcf-protection" ;;
aarch64) hardening="$hardening -mbranch-protection=standard" ;;
esac
export CFLAGS="-Os -fPIE -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables $hardening"

# Unpacks a source by its name in sources.lock into $work/NAME and goes there.
unpack() {
    file=$(awk -v n="$1" '$1 == n { print $4; exit }' "$here/sources.lock")
    mkdir -p "$work/$1"
    tar -x -f "$sources/$file" -C "$work/$1" --strip-components=1 --no-same-owner
    cd "$work/$1"
}

# Keeps the licence of what has just been built: licence NAME FILE...
licence() {
    name=$1; shift
    cat "$@" >"$dest/licenses/$name.txt"
}

build_musl() {
    unpack musl
    # Not the stack protector: musl sets its canary up itself.
    CC="${tools}gcc" CFLAGS="-fPIE -ffunction-sections -fdata-sections ${hardening#* }" \
        ./configure --target="$target" --prefix="$dest" --syslibdir="$dest/lib" --disable-shared --disable-wrapper
    make -j"$jobs" AR="$AR" RANLIB="$RANLIB" install
    link_kernel_headers
    write_wrapper
    licence musl COPYRIGHT
}

link_kernel_headers() {
    native=/usr/include/$target-linux-gnu cross=/usr/$target-linux-gnu/include
    if [ -d "$native/asm" ]; then
        ln -s "$native/asm" /usr/include/linux /usr/include/asm-generic "$dest/include/"
    else
        ln -s "$cross/asm" "$cross/linux" "$cross/asm-generic" "$dest/include/"
    fi
}

# gcc ignores -static-pie with foreign specs, so the specs themselves say how a static PIE is linked.
# They find the folder through the environment: the finished build can be renamed.
write_wrapper() {
    cat >"$dest/lib/musl-gcc.specs" <<'SPECS'
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem %:getenv(MUSL_SYSROOT /include) -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem %:getenv(MUSL_SYSROOT /include) -isystem include%s

*link_libgcc:
-L%:getenv(MUSL_SYSROOT /lib) -L .%s

*libgcc:
libgcc.a%s %:if-exists(libgcc_eh.a%s)

*startfile:
%:getenv(MUSL_SYSROOT /lib/rcrt1.o) %:getenv(MUSL_SYSROOT /lib/crti.o) crtbeginS.o%s

*endfile:
crtendS.o%s %:getenv(MUSL_SYSROOT /lib/crtn.o)

*link:
-nostdlib -static -pie --no-dynamic-linker -z text -z relro -z now -z noexecstack

*esp_link:


*esp_options:


*esp_cpp_options:


SPECS
    cat >"$dest/bin/musl-gcc" <<WRAPPER
#!/bin/sh
MUSL_SYSROOT=\$(cd "\${0%/*}/.." && pwd)
export MUSL_SYSROOT
# shellcheck disable=SC2086 # several flags in one variable
exec ${tools}gcc -specs="\$MUSL_SYSROOT/lib/musl-gcc.specs" \${MUSL_GCC_FLAGS-} "\$@"
WRAPPER
    chmod +x "$dest/bin/musl-gcc"
}

build_zlib() {
    unpack zlib
    CHOST=$target-linux-musl ./configure --static --prefix="$dest"
    make -j"$jobs" libz.a
    cp libz.a "$dest/lib/"
    cp zlib.h zconf.h "$dest/include/"
    licence zlib LICENSE
}

build_zstd() {
    unpack zstd
    make -C lib -j"$jobs" ZSTD_LEGACY_SUPPORT=0 ZSTD_LIB_DEPRECATED=0 ZSTD_LIB_DICTBUILDER=0 libzstd.a-mt
    cp lib/libzstd.a "$dest/lib/"
    cp lib/zstd.h lib/zstd_errors.h "$dest/include/"
    licence zstd LICENSE
}

build_lz4() {
    unpack lz4
    make -C lib -j"$jobs" liblz4.a
    cp lib/liblz4.a "$dest/lib/"
    cp lib/lz4.h lib/lz4hc.h lib/lz4frame.h "$dest/include/"
    licence lz4 lib/LICENSE
}

# A TLS 1.2/1.3 client, hashes and HMAC. MD5 stays for md5 logins, DES for old encrypted client keys.
# AES-GCM and AES-XTS for AVX-512 are 740 KB of unrolled code, which AES-NI does without. The scripts that write them
# ask the assembler for its version; for an old one they write stubs.
without_avx512() {
    for script in modes/asm/aes-gcm-avx512 aes/asm/aesni-xts-avx512; do
        CC='echo GNU assembler version 2.20' perl crypto/$script.pl elf "crypto/${script%%/*}/${script##*/}.s"
    done
}

# $off is a list.
# shellcheck disable=SC2086
build_openssl() {
    unpack openssl
    off='no-shared no-dso no-engine no-module no-legacy no-apps no-tests no-docs no-comp no-async no-ui-console
        no-ssl3 no-tls1 no-tls1_1 no-dtls no-quic no-srtp no-sctp no-srp no-psk no-nextprotoneg
        no-cmp no-cms no-ct no-ocsp no-ts no-rfc3779 no-http no-gost no-ssl-trace
        no-aria no-bf no-blake2 no-camellia no-cast no-idea no-md4 no-mdc2 no-rc2 no-rc4 no-rmd160 no-seed
        no-siphash no-siv no-sm2 no-sm3 no-sm4 no-whirlpool no-ocb no-scrypt no-argon2 no-dsa no-ec2m
        no-ml-dsa no-slh-dsa no-autoload-config no-filenames no-winstore no-multiblock'
    ./Configure "linux-$target" $off --prefix=/usr --openssldir=/etc/ssl --libdir=lib \
        CC=musl-gcc AR="$AR" RANLIB="$RANLIB" CFLAGS="$CFLAGS"
    [ "$target" != x86_64 ] || without_avx512
    make -j"$jobs" build_libs
    cp libssl.a libcrypto.a "$dest/lib/"
    cp -R include/openssl "$dest/include/"
    rm -f "$dest"/include/openssl/*.in
    licence openssl LICENSE.txt
}

# $CFLAGS is a list.
# shellcheck disable=SC2086
build_sqlite() {
    unpack sqlite
    # Only to make the one file; for this machine.
    CC=gcc CFLAGS='' ./configure --disable-tcl --disable-readline >/dev/null
    make sqlite3.c
    musl-gcc $CFLAGS -c sqlite3.c -o sqlite3.o \
        -DSQLITE_THREADSAFE=0 -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS \
        -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED \
        -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS \
        -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_ENABLE_COLUMN_METADATA
    "$AR" rcD "$dest/lib/libsqlite3.a" sqlite3.o
    cp sqlite3.h "$dest/include/"
    licence sqlite LICENSE.md
}

# XML without document types, so without entities and their bombs; namespaces and positions are not asked for.
# $CFLAGS is a list.
# shellcheck disable=SC2086
build_expat() {
    unpack expat
    cd expat/lib
    printf '#define %s\n' 'XML_GE 0' 'XML_CONTEXT_BYTES 0' 'HAVE_GETRANDOM 1' 'BYTEORDER 1234' >expat_config.h
    for file in xmlparse xmlrole xmltok random_getrandom; do
        musl-gcc $CFLAGS -I. -c "$file.c"
    done
    "$AR" rcD "$dest/lib/libexpat.a" xmlparse.o xmlrole.o xmltok.o random_getrandom.o
    cp expat.h expat_external.h "$dest/include/"
    licence expat ../COPYING
}

# HTTP and HTTPS only. The names of the CA files are the program's business, not the library's.
build_curl() {
    unpack curl
    ./configure --host="$target-linux-musl" --prefix="$dest" --disable-shared --enable-static --with-openssl \
        --enable-http --enable-aws --enable-unix-sockets --enable-ipv6 --with-zlib \
        --without-ca-bundle --without-ca-path --without-brotli --without-zstd --without-libpsl --without-libidn2 \
        --without-nghttp2 --without-libssh2 --without-librtmp \
        --disable-threaded-resolver --disable-ares --disable-ftp --disable-file --disable-ldap --disable-ldaps \
        --disable-rtsp --disable-dict --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb \
        --disable-smtp --disable-gopher --disable-mqtt --disable-ipfs --disable-websockets --disable-manual \
        --disable-docs --disable-libcurl-option --disable-ntlm --disable-kerberos-auth --disable-negotiate-auth \
        --disable-tls-srp --disable-doh --disable-alt-svc --disable-hsts --disable-cookies --disable-netrc \
        --disable-form-api --disable-mime --disable-progress-meter --disable-dependency-tracking
    make -C lib -j"$jobs" libcurl.la
    cp lib/.libs/libcurl.a "$dest/lib/"
    mkdir -p "$dest/include/curl"
    cp include/curl/*.h "$dest/include/curl/"
    licence curl COPYING
}

build_postgresql() {
    unpack postgresql
    ZSTD_CFLAGS=' ' ZSTD_LIBS=-lzstd LZ4_CFLAGS=' ' LZ4_LIBS=-llz4 \
        ./configure --host="$target-linux-musl" --prefix=/usr --sysconfdir=/etc/postgresql-common \
        --without-readline --without-icu --with-ssl=openssl --with-zstd --with-lz4 --disable-nls --disable-rpath
    make -C src/backend generated-headers
    make -j"$jobs" -C src/common all
    make -j"$jobs" -C src/port all
    make -j"$jobs" -C src/fe_utils all
    make -j"$jobs" -C src/interfaces/libpq all-static-lib
    cp src/interfaces/libpq/libpq.a src/fe_utils/libpgfeutils.a \
        src/common/libpgcommon.a src/common/libpgcommon_shlib.a \
        src/port/libpgport.a src/port/libpgport_shlib.a "$dest/lib/"
    cp src/interfaces/libpq/libpq-fe.h src/interfaces/libpq/libpq-events.h src/include/postgres_ext.h \
        "$dest/include/"
    mkdir -p "$dest/include/libpq"
    cp src/include/libpq/libpq-fs.h "$dest/include/libpq/"
    join_engine
    licence postgresql COPYRIGHT
}

# The programs' own Makefiles know their objects; their final links (against libpq.so) are not wanted.
join_engine() {
    mkdir -p "$dest/engine"
    # shellcheck disable=SC2016 # make's variable
    echo 'objects: $(OBJS) $(MAINS)' >objects.mk
    engine_objects pg_dump common.o pg_dump_sort.o pg_dump.o pg_restore.o pg_dumpall.o
    engine_objects psql
    for program in pg_dump pg_restore pg_dumpall; do
        "${tools}objcopy" --redefine-sym main=${program}_main src/bin/pg_dump/$program.o
    done
    "${tools}objcopy" --redefine-sym main=psql_main src/bin/psql/startup.o
    "${tools}ld" -r -o "$dest/engine/dump.o" src/bin/pg_dump/*.o
    "${tools}ld" -r -o "$dest/engine/psql.o" src/bin/psql/*.o
}

engine_objects() {
    folder=src/bin/$1; shift
    make -j"$jobs" -C "$folder" -f Makefile -f "$PWD/objects.mk" objects MAINS="$*"
}

build_ca_bundle() {
    mkdir -p "$work/ca" && cd "$work/ca"
    dpkg-deb -x "$sources/$(awk '$1 == "ca-certificates" { print $4; exit }' "$here/sources.lock")" .
    cat usr/share/ca-certificates/mozilla/*.crt >"$dest/ca-bundle.pem"
    # Only Mozilla's list goes in, not the GPL scripts around it.
    awk '/^Files: mozilla\/certdata/ { on = 1 } on && !NF { exit } on' \
        usr/share/doc/ca-certificates/copyright >mozilla.txt
    licence ca-certificates mozilla.txt
}

# The POSIX rule that ends each zone's file (RFC 9636, 3.3) says what its clocks do from now on. The old names that
# Debian keeps in tzdata-legacy (US/Eastern) are links in tzdata.zi. Factory stands for "not set".
build_zones() {
    mkdir -p "$work/zones" && cd "$work/zones"
    dpkg-deb -x "$sources/$(awk '$1 == "tzdata" { print $4; exit }' "$here/sources.lock")" .
    licence tzdata usr/share/doc/tzdata/copyright
    cd usr/share/zoneinfo
    {
        find [A-Z]* ! -type d | sed 's/.*/& &/'
        awk '$1 == "L" { print $2, $3 }' tzdata.zi
    } | while read -r file name; do
        [ "$name" = Factory ] || echo "$name $(tail -n 1 "$file")"
    done | sort -u >"$dest/zones"
    [ -z "$(awk 'NF != 2' "$dest/zones")" ]
}

# Not "(build_x) || ...": a shell ignores set -e to the left of ||.
log=''
trap '[ -z "$log" ] || { tail -n 20 "$log"; echo "libs.sh: building $part failed; see $log"; } >&2' EXIT

mkdir -p "$dest/bin" "$dest/include" "$dest/lib" "$dest/licenses" "$work"
for part in musl zlib zstd lz4 openssl sqlite expat curl postgresql ca_bundle zones; do
    echo "  LIB $part"
    log=$work/$part.log
    (build_$part) >"$log" 2>&1 </dev/null
done
log=''
awk '!/^#/ && NF && !seen[$1]++ { print $1, $2 }' "$here/sources.lock" >"$dest/versions"
echo "$hardening" >"$dest/hardening"
rm -rf "$work"
