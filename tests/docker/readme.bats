# What the main README tells people to copy, as it is written there.

load lib

setup_file() {
	export PORT=
	mkdir "$BATS_FILE_TMPDIR/first"
	docker_begin "$BATS_FILE_TMPDIR/first"
	# The image's name in the README is that of its docker build line, which image.bats tests.
	awk '/^```yaml$/ { on = 1; next } on && /^```$/ { exit } on' "$ROOT/README.md" |
		sed "s|image: pgbox\$|image: $PGBOX_IMAGE|; s|--from=pgbox |--from=$PGBOX_IMAGE |
			s|name: app-backups|name: $PROJECT-backups|" >"$STACK/compose.yaml"
	grep -q "image: $PGBOX_IMAGE" "$STACK/compose.yaml"
	cd "$STACK" || return
	eval "$(sed -n 's/^    \(openssl .*db_password\)$/\1/p' "$ROOT/README.md")"
	eval "$(sed -n 's/^    \(docker volume create \)app-backups .*/\1"$PROJECT-backups"/p' "$ROOT/README.md")"
	compose up -d --build
}

teardown_file() {
	docker_end
}

# says COMMAND: one of the README's for its first Compose file.
says() {
	written "$1" "$ROOT/README.md"
}

names() {
	[ "$(sql db postgres 'select name from users order by id' | xargs)" = "$1" ]
}

# web_breaks: the next `compose up` starts an app that ends at once.
web_breaks() {
	printf '%s\n' 'services:' '  web: {entrypoint: ["false"], command: []}' >compose.override.yaml
}

setup() {
	cd "$STACK" || return
	rm -f compose.override.yaml
}

@test "the first Compose file gets healthy, seeded and backed up" {
	wait_until 60 is healthy web
	wait_until 60 is healthy backup
	names admin
	compose exec -T backup /pgbox pgbackup list | grep postgres
	# Not of the empty database.
	compose exec -T backup /pgbox pgbackup list --json | grep '"tables":2'
}

@test "its restore, as documented, under a running app: which runs on" {
	local before
	before=$(started web)
	sql db postgres 'delete from users'
	says 'run --rm restore plan latest --replace'
	says 'run --rm restore latest --replace'
	names admin
	says 'run --rm restore undo'
	names ''
	says 'run --rm restore latest --replace'
	[ "$(started web)" = "$before" ]
	sql db postgres "insert into users values (2, 'eve')"
	compose run --rm backup pgbackup run
}

@test "its restore with the app stopped and the schema dropped: the app stays stopped" {
	compose stop web
	sql db postgres 'drop schema public cascade'
	says 'run --rm restore latest --replace'
	names 'admin eve'
	is exited web
	compose start web
}

@test "an app that is broken stops neither backups nor restores" {
	web_breaks
	compose rm -sf backup web
	compose up -d
	wait_until 60 is healthy backup
	is exited web
	sql db postgres 'drop table users'
	says 'run --rm restore latest --replace'
	names 'admin eve'
	is exited web
	rm compose.override.yaml
	compose up -d
	wait_until 30 is healthy web
	names 'admin eve'
}

@test "the backups survive down -v, and the way back is that of the README" {
	compose down --volumes --timeout 1
	says 'up -d db'
	says 'run --rm restore latest'
	names 'admin eve'
	says 'up -d'
	wait_until 60 is healthy web
	names 'admin eve'
}

@test "the app has taken the place of what waited and seeded, and all of it ends when it is told to" {
	[ "$(docker exec "$(id_of web)" sh -c 'cat /proc/[0-9]*/comm' | grep -c 'waitdb\|seedonce')" = 0 ]
	[ "$(stops web)" = 143 ]
	[ "$(stops backup)" = 143 ]
	[ "$(stops db)" = 0 ]
	compose up -d
	wait_until 30 is healthy web
	names 'admin eve'
}

@test "a shell that waits in the way of the README ends at once" {
	local line
	line=$(sed -n "s/^    command: sh -c '\(.*\)'\$/\1/p" "$ROOT/README.md" | head -n 1)
	[ -n "$line" ]
	sed -n '/^### With a shell/,/^###/p' "$ROOT/README.md" | grep -q 'init: true'
	docker build -q -t "$PROJECT-shell" - >/dev/null <<-FILE
		FROM debian:bookworm-slim
		COPY --from=$PGBOX_IMAGE /pgbox /usr/local/bin/
		RUN pgbox --install /usr/local/bin
	FILE
	container shell --init -e POSTGRES_HOST=nosuch -e POSTGRES_PASSWORD=x "$PROJECT-shell" sh -c "$line"
	wait_until 20 logged shell nosuch
	[ "$(stops shell)" = 143 ]
}
