# The image of docker/Dockerfile: what is in it, whose it is, and that it can be built as the README says.

bats_require_minimum_version 1.5.0

load lib

setup_file() {
	docker_begin
}

teardown_file() {
	docker_end
}

# What the image holds, one a line: kind and mode, owner, name, target of a link. Docker's own mount points are left out.
contents() {
	local id
	id=$(docker create "$1")
	docker export "$id" | tar -tv --numeric-owner | awk '{ print $1, $2, $6, $8 }' |
		grep -vE ' (\.dockerenv|(dev|proc|sys|etc)/.*) ' | LC_ALL=C sort -k 3
	docker rm "$id" >/dev/null
}

wanted() {
	local applet library
	echo 'drwxr-xr-x 65532/65532 backups/ '
	echo 'drwxr-xr-x 65532/65532 restore/ '
	echo 'drwxr-xr-x 65532/65532 var/lib/pgbox/ '
	printf 'drwxr-xr-x 0/0 %s \n' bin/ licenses/ var/ var/lib/
	echo '-rwxr-xr-x 0/0 pgbox '
	for applet in $("$PGBOX" --list); do
		echo "lrwxrwxrwx 0/0 bin/$applet /pgbox"
	done
	for library in $("$PGBOX" --version | sed 1d | cut -d ' ' -f 1); do
		echo "-rw-r--r-- 0/0 licenses/$library.txt "
	done
}

@test "the image holds pgbox, a link for each applet, the licences, three empty folders, and nothing else" {
	diff <(wanted | LC_ALL=C sort -k 3) <(contents "$PGBOX_IMAGE")
}

@test "the image has at most 7.5 MB, and 3.2 MB compressed" {
	[ "$(docker image inspect -f '{{.Size}}' "$PGBOX_IMAGE")" -le 7500000 ]
	[ "$(docker save "$PGBOX_IMAGE" | gzip | wc -c)" -le 3200000 ]
}

@test "the image says what it is" {
	label() { docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" "$PGBOX_IMAGE"; }
	[ "$(label title)" = pgbox ]
	[ "$(label version)" = "$(cat "$ROOT/VERSION")" ]
	[ -n "$(label description)" ]
	[ "$(docker image inspect -f '{{.Config.User}}' "$PGBOX_IMAGE")" = 65532:65532 ]
}

@test "the image has the very binary that the same sources give here" {
	grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || skip "the image's compiler is another"
	local id
	id=$(docker create "$PGBOX_IMAGE")
	docker cp -q "$id:/pgbox" "$BATS_TEST_TMPDIR/"
	docker rm "$id" >/dev/null
	cmp "$BATS_TEST_TMPDIR/pgbox" "$PGBOX"
}

@test "an applet runs as pgbox's argument and by its name" {
	[ "$(box "$PGBOX_IMAGE" waitdb --help)" = "$("$PGBOX" waitdb --help)" ]
	[ "$(box --entrypoint waitdb "$PGBOX_IMAGE" --help)" = "$("$PGBOX" waitdb --help)" ]
}

@test "a named volume belongs to the image's user, wherever it is mounted" {
	for folder in /backups /restore /var/lib/pgbox; do
		docker volume create "$PROJECT-volume" >/dev/null
		box -v "$PROJECT-volume:$folder" "$PGBOX_IMAGE" --version >/dev/null
		[ "$(box -v "$PROJECT-volume:/v" alpine:3.22 stat -c %u:%g:%a /v)" = 65532:65532:755 ]
		docker volume rm "$PROJECT-volume" >/dev/null
	done
	docker volume create "$PROJECT-volume" >/dev/null
	box -v "$PROJECT-volume:/backups" -e DATABASE_URL=sqlite:/var/lib/pgbox/app.db "$PGBOX_IMAGE" \
		waitdb --create-db -- /pgbox pgbackup run
	[ "$(box -v "$PROJECT-volume:/v" alpine:3.22 stat -c %u:%a -L /v/app.db/latest)" = 65532:600 ]
}

@test "COPY --from brings it into an image, and --install makes its links there" {
	printf '%s\n' "FROM $PGBOX_IMAGE AS pgbox" 'FROM debian:bookworm-slim' 'COPY --from=pgbox /pgbox /usr/local/bin/' \
		'RUN pgbox --install /usr/local/bin' | docker build -q -t "$PROJECT-copied" - >/dev/null
	box "$PROJECT-copied" sh -c 'isempty --missing-ok sqlite:/nosuch.db && readlink /usr/local/bin/waitdb'
}

@test "the README's line builds the image" {
	local line cache
	line=$(sed -n 's/^    \(docker build .* \.\) .*/\1/p' "$ROOT/README.md")
	cache=$(docker image ls --format '{{.Repository}}:{{.Tag}}' "pgbox-cache-$(uname -m)")
	[ -n "$line" ] && [ -n "$cache" ]
	cd "$ROOT"
	eval "${line/build/build -q --build-arg CACHE=$cache}"
	[ "$(docker image inspect -f '{{.Id}}' pgbox)" = "$(docker image inspect -f '{{.Id}}' "$PGBOX_IMAGE")" ]
}

@test "the classic builder builds the same" {
	DOCKER_BUILDKIT=0 "$ROOT/tests/docker/pgbox.sh" "$PROJECT-classic"
	diff <(contents "$PGBOX_IMAGE") <(contents "$PROJECT-classic")
}
