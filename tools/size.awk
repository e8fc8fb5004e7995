# Sums a linker map by library: bytes that each brings, without .bss, debug information and what was discarded. Of
# texts that several bring the file has one, so the sum is a little more than the file.
# usage: awk -f tools/size.awk pgbox.map | sort -rn

/^Linker script and memory map/ { on = 1 }
!on { next }

# " .text.name  0xADDRESS 0xSIZE FILE", or the name alone on the line before when it is long.
/^ [.A-Z][^ ]*$/ { section = $1; next }
/^ [.A-Z][^ ]* +0x/ { section = $1; address = $2; bytes = $3; file = $4; count(); next }
/^ +0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ && section { address = $1; bytes = $2; file = $3; count() }

# Where texts are merged, the line before has what the first of them made of all; this one has the section's own.
/^ +0x[0-9a-f]+ \(size before relaxing\)/ && counted { total[counted] += hex($1) - last; counted = "" }

function count() {
    counted = ""
    if (address ~ /[1-9a-f]/ && substr(address, 3) !~ /^0*$/ && section !~ /^(\.t?bss|COMMON|\.debug_|\.comment)/) {
        counted = library(file)
        total[counted] += last = hex(bytes)
    }
    section = ""
}

function library(file,   n, part) {
    if (file ~ /\.build\/[^\/]*\/(src|applets)\//) return file ~ /data\.o$/ ? "CA bundle, licences" : "pgbox itself"
    sub(/\(.*/, "", file)
    n = split(file, part, "/")
    sub(/^lib/, "", part[n])
    sub(/\.a$/, "", part[n])
    if (part[n] ~ /^(pg|pq)/) return "libpq, pgcommon, pgport"
    if (part[n] == "dump.o") return "pg_dump, pg_restore, pg_dumpall"
    if (part[n] == "psql.o") return "psql"
    if (part[n] ~ /crt|^c$/) return "musl"
    return part[n]
}

function hex(text,   i, value) {
    text = tolower(text)
    for (i = 3; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
    return value
}

END { for (name in total) printf "%9d %s\n", total[name], name }
