# What the main README tells people to copy, as it is written there.

load lib

setup_file() {
	export PORT=
	mkdir "$BATS_FILE_TMPDIR/first"
	docker_begin "$BATS_FILE_TMPDIR/first"
	# The image's name in the README is that of its docker build line, which image.bats tests.
	awk '/^```yaml$/ { on = 1; next } on && /^```$/ { exit } on' "$ROOT/README.md" |
		sed "s|image: pgbox\$|image: $PGBOX_IMAGE|; s|--from=pgbox |--from=$PGBOX_IMAGE |" >"$STACK/compose.yaml"
	grep -q "image: $PGBOX_IMAGE" "$STACK/compose.yaml"
	cd "$STACK" || return
	eval "$(sed -n 's/^    \(openssl .*db_password\)$/\1/p' "$ROOT/README.md")"
	compose up -d --build
}

teardown_file() {
	docker_end
}

@test "the first Compose file gets healthy, seeded and backed up" {
	wait_until 60 is healthy web
	wait_until 60 is healthy backup
	[ "$(sql db postgres 'select name from users')" = admin ]
	compose exec -T backup /pgbox pgbackup list | grep postgres
	sql db postgres 'drop table users'
	compose run --rm -T backup pgrestore latest --replace
	[ "$(sql db postgres 'select name from users')" = admin ]
}

@test "the app has taken the place of what waited and seeded, and all of it ends when it is told to" {
	[ "$(docker exec "$(id_of web)" sh -c 'cat /proc/[0-9]*/comm' | grep -c 'waitdb\|seedonce')" = 0 ]
	[ "$(stops web)" = 143 ]
	[ "$(stops backup)" = 143 ]
	[ "$(stops db)" = 0 ]
	compose up -d
	wait_until 30 is healthy web
	[ "$(sql db postgres 'select count(*) from users')" = 1 ]
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
