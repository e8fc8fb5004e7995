# Fetches what sources.lock pins, and checks it. Sourced by build.sh, which sets:
#   lock      the lock file
#   sources   the cache folder for downloads
#   state     a scratch folder, removed by build.sh
# shellcheck shell=sh
# shellcheck disable=SC2154,SC1091

sha_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# The lock's lines without comments: name version sha256 file origin.
lock_lines() { awk '!/^#/ && NF' "$lock"; }

# Makes every source of the lock present and verified.
sources_fetch() {
    mkdir -p "$sources"
    for name in $(lock_lines | awk '!seen[$1]++ { print $1 }'); do
        source_cached "$name" || source_fetch "$name"
    done
}

source_cached() {
    lock_lines | awk -v n="$1" '$1 == n { print $3, $4 }' | {
        while read -r sha file; do
            [ -f "$sources/$file" ] || continue
            [ "$(sha_of "$sources/$file")" != "$sha" ] || exit 0
        done
        exit 1
    }
}

source_fetch() {
    lock_lines | awk -v n="$1" '$1 == n' >"$state/origins"
    while read -r name version sha file origin <&3; do
        say "fetching $name $version from $origin"
        rm -rf "$state/download"
        mkdir -p "$state/download"
        case $origin in
        deb-src:*:*=* | deb:*:*=*) debian_download "$origin" "$sha" || continue ;;
        https://*) url_download "$origin" "$file" || continue ;;
        *) die "sources.lock: cannot read the origin '$origin' of $name" ;;
        esac
        source_keep "$sha" "$file" && return
    done 3<"$state/origins"
    die "no origin gave $1 as sources.lock pins it; see above"
}

# Takes the downloaded file into the cache if it is the right one. Touches nothing else there.
source_keep() {
    for got in "$state"/download/*; do
        [ "$(sha_of "$got")" = "$1" ] || continue
        cp "$got" "$sources/$2.tmp"
        mv "$sources/$2.tmp" "$sources/$2"
        return 0
    done
    warn "wrong checksum: $(basename "$got")"
    warn "    wanted $1"
    warn "    got    $(sha_of "$got")"
    return 1
}

# apt's own downloader: every Debian has it, curl or wget not.
url_download() {
    /usr/lib/apt/apt-helper download-file "$1" "$state/download/$2" >"$state/log" 2>&1 && return
    warn "cannot download $1:"
    tail -n 2 "$state/log" >&2
    return 1
}

# Downloads deb-src:SUITE:PACKAGE=VERSION or deb:... When that version has left the suite but another revision
# carries the very same tarball (by its sha256), that one serves.
debian_download() {
    kind=${1%%:*} suite=${1#*:} suite=${suite%%:*} package=${1#*:*:} pinned=${1#*=}
    package=${package%%=*}
    debian_update "$suite" || return 1
    debian_files "$kind" "$suite" "$package" >"$state/files"
    found=$(awk -v sha="$2" -v pinned="$pinned" '
        $1 == pinned { print; exit_now = 1; exit }
        $2 == sha { same = $0 }
        END { if (!exit_now && same) print same }' "$state/files")
    if [ -z "$found" ]; then
        warn "$package $pinned is no longer in Debian's $suite; the newest there is $(newest <"$state/files")"
        warn "    './build.sh --update-lock' pins what the suites have now (and needs a look at what changed)"
        return 1
    fi
    version=${found%% *}
    [ "$version" = "$pinned" ] || say "$package $pinned has left $suite; $version carries the same file"
    case $kind in
    deb) set -- download ;;
    deb-src) set -- source --download-only --tar-only ;;
    esac
    (cd "$state/download" && debian_apt "$suite" apt-get "$@" "$package=$version") >"$state/log" 2>&1 && return
    # apt also fails for parts that nobody asked for, such as a signature; what counts is the file.
    [ -n "$(ls "$state/download")" ] && return
    warn "cannot download $package=$version from $suite:"
    grep '^E:' "$state/log" >&2 || tail -n 3 "$state/log" >&2
    return 1
}

# Prints "VERSION SHA256 NAME" of every tarball (or package file) that the suite has for a package.
debian_files() {
    case $1 in
    deb-src) debian_apt "$2" apt-cache showsrc --only-source "$3" ;;
    deb) debian_apt "$2" apt-cache show "$3" ;;
    esac 2>/dev/null | awk '
        /^Version:/ { version = $2 }
        /^SHA256:/ { print version, $2, "package.deb" }
        /^Checksums-Sha256:/ { on = 1; next }
        /^[^ ]/ { on = 0 }
        on && $3 ~ /\.orig\.tar\.[a-z0-9]+$/ { n++; file[n] = $1 " " $3 }
        /^$/ { flush() }
        END { flush() }
        function flush(   i) { for (i = 1; i <= n; i++) print version, file[i]; n = 0 }' | sort -u
}

newest() { cut -d ' ' -f 1 | sort -V | tail -n 1; }

# Gives a suite its own apt state, so that the system's stays as it is and no root is needed. Security updates count
# where they can be read; what is pinned can be had without them.
debian_update() {
    [ ! -f "$state/$1/failed" ] || return 1
    [ ! -f "$state/$1/list" ] || return 0
    mkdir -p "$state/$1/lists/partial" "$state/$1/cache/archives/partial"
    mirror=$(debian_mirror)
    say "reading the index of Debian's $1"
    if has_security "$1"; then
        debian_read "$1" "$mirror $1" "$(debian_security_mirror) $1-security" && return
        warn "cannot read Debian's $1-security; trying without it:"
        grep '^[EW]:' "$state/log" | head -n 3 >&2
    fi
    debian_read "$1" "$mirror $1" && return
    touch "$state/$1/failed"
    warn "cannot read the index of Debian's $1 at $mirror; is there a network?"
    grep '^[EW]:' "$state/log" | head -n 3 >&2
    return 1
}

# Only a stable suite has security updates of its own; the others get new versions themselves.
has_security() {
    case $1 in testing | unstable | sid | forky) return 1 ;; esac
}

# debian_read SUITE 'SITE SUITE'...: reads the indexes of these.
debian_read() {
    suite_read=$1
    shift
    for place in "$@"; do
        for type in deb-src deb; do
            echo "$type [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $place main"
        done
    done >"$state/$suite_read/list"
    debian_apt "$suite_read" apt-get update --error-on=any >"$state/log" 2>&1
}

# An index past its date is as good: it is signed, and what counts is the sha256 in the lock.
debian_apt() {
    apt_state=$state/$1 apt_program=$2
    shift 2
    "$apt_program" -oDir::Etc::SourceList="$apt_state/list" -oDir::Etc::SourceParts=/dev/null \
        -oDir::State::Lists="$apt_state/lists" -oDir::Cache="$apt_state/cache" \
        -oAcquire::Check-Valid-Until=false -oAcquire::Languages=none -oAPT::Sandbox::User= "$@"
}

# The mirror that this machine's own apt uses.
debian_mirror() {
    [ -z "${PGBOX_DEBIAN_MIRROR-}" ] || { echo "$PGBOX_DEBIAN_MIRROR"; return; }
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --no-release-info --format '$(SITE) $(RELEASE) $(COMPONENT)' |
        awk -v c="$codename" '$3 == "main" && ($2 == c || $2 ~ /^(stable|testing|unstable|sid)$/) &&
            $1 ~ /\/debian\/?$/ { print $1; exit }' | grep . ||
        die "apt has no Debian mirror on this machine; name one in PGBOX_DEBIAN_MIRROR"
}

# Where this machine's apt gets its security updates, else the mirror's sibling.
debian_security_mirror() {
    # shellcheck disable=SC2016 # apt's variables
    security=$(apt-get indextargets --no-release-info --format '$(SITE) $(RELEASE)' |
        awk '$1 ~ /\/debian-security\/?$/ && $2 ~ /-security$/ { print $1; exit }')
    mirror=$(debian_mirror)
    [ -z "${PGBOX_DEBIAN_MIRROR-}" ] && [ -n "$security" ] || security=${mirror%/}-security
    echo "$security"
}

# --- what Debian has that the pinned sources lack ---

# Prints a line for each pinned Debian package: its name, the revision that is pinned, the newest there is, and the
# security patches that Debian's newest revision puts on the same upstream version. pgbox builds upstream's own files,
# so these patches are not in it. Returns 3 when a newer revision or such a patch was found, or cannot be ruled out.
lock_audit() {
    audit_found=0
    lock_lines | awk '$5 ~ /^deb/ { print $1, $5 }' >"$state/audit"
    while read -r name origin <&4; do
        kind=${origin%%:*} suite=${origin#*:} suite=${suite%%:*} package=${origin#*:*:} pinned=${origin#*=}
        package=${package%%=*}
        debian_update "$suite" || die "cannot say what Debian's $suite has"
        newest=$(debian_files "$kind" "$suite" "$package" | newest)
        patches=''
        [ "$kind" = deb ] || patches=$(debian_security_patches "$suite" "$package" "$newest")
        audit_line
    done 4<"$state/audit"
    return "$audit_found"
}

audit_line() {
    verdict='up to date'
    [ "$newest" = "$pinned" ] || verdict="newer in $suite: $newest" audit_found=3
    [ -z "$patches" ] || verdict="$verdict; not in pgbox: $patches" audit_found=3
    echo "$name $pinned: $verdict"
}

# The patches in a revision's debian/patches/series that are named after a CVE or as security fixes.
debian_security_patches() {
    rm -rf "$state/revision"
    mkdir "$state/revision"
    # apt also fails for parts that nobody asked for, such as a signature; what counts is the file.
    (cd "$state/revision" && debian_apt "$1" apt-get source --download-only --diff-only "$2=$3") >"$state/log" 2>&1 || true
    set -- "$1" "$2" "$3" "$state"/revision/*.debian.tar.*
    [ -f "$4" ] || { echo 'its patches, which cannot be downloaded'; return; }
    tar -x -O -f "$4" --wildcards 'debian/patches/serie[s]' 2>"$state/log" |
        awk '$1 !~ /^#/ && tolower($1) ~ /cve-|security/ { printf "%s%s", n++ ? ", " : "", $1 }'
}

# --- a newer lock ---

# Prints the lock with every Debian line moved to the newest version of its suite, and upstream's URLs with them.
lock_updated() {
    while IFS= read -r line; do
        read -r name version sha file origin <<LINE
$line
LINE
        case $name:$origin in
        '#'* | :*) printf '%s\n' "$line" ;;
        *:deb-src:* | *:deb:*) lock_line_updated ;;
        *:https://*) echo "$name $new_version $new_sha $new_file $(url_updated)" ;;
        *) die "sources.lock: cannot read '$line'" ;;
        esac
    done <"$lock"
}

lock_line_updated() {
    kind=${origin%%:*} suite=${origin#*:} suite=${suite%%:*} package=${origin#*:*:} package=${package%%=*}
    debian_update "$suite" || die "sources.lock is unchanged"
    debian_files "$kind" "$suite" "$package" >"$state/files"
    debian=$(newest <"$state/files")
    [ -n "$debian" ] || die "Debian's $suite has no $package; sources.lock is unchanged"
    new_sha=$(awk -v v="$debian" '$1 == v { print $2; exit }' "$state/files")
    # 1:1.3.dfsg+really1.3.2-3 is upstream's 1.3.2.
    new_version=$(echo "$debian" | sed 's/^[0-9]*://; s/-[^-]*$//; s/.*really//; s/[.+~]dfsg.*//; s/+.*//')
    suffix=$(awk -v v="$debian" '$1 == v { print $3; exit }' "$state/files" | sed 's/.*\.orig\././; s/^package//')
    new_file=$name-$new_version$suffix
    if [ "$new_version" != "$version" ]; then
        say "$name $version -> $new_version"
    elif [ "$debian" != "${origin#*=}" ]; then
        say "$name $version: Debian's revision is now $debian; './build.sh --audit' lists the patches that pgbox lacks"
    fi
    old_version=$version
    echo "$name $new_version $new_sha $new_file $kind:$suite:$package=$debian"
}

url_updated() { echo "$origin" | sed "s/$(echo "$old_version" | sed 's/\./\\./g')/$new_version/g"; }
