# PgBouncer in front of the server $SERVER.

find_pgbouncer() {
	PATH=$PATH:/usr/sbin command -v pgbouncer
}

# pooler_start MODE: in front of every database of the server, with few connections.
pooler_start() {
	local dir=$BATS_FILE_TMPDIR/$1
	mkdir -p "$dir"
	[ -e "$dir/port" ] || free_port >"$dir/port"
	cat >"$dir/ini" <<-END
		[databases]
		* = host=127.0.0.1 port=$(cat "$SERVER/port") user=postgres
		[pgbouncer]
		listen_addr = 127.0.0.1
		listen_port = $(cat "$dir/port")
		unix_socket_dir =
		auth_type = any
		pool_mode = $1
		default_pool_size = 20
		max_client_conn = 300
	END
	chmod 755 "$dir"
	"${UNPRIVILEGED[@]}" "$(find_pgbouncer)" "$dir/ini" </dev/null >>"$dir/log" 2>&1 3>&- &
	echo $! >"$dir/pid"
	disown
	wait_until 10 "$PG_BIN/pg_isready" -q -h 127.0.0.1 -p "$(cat "$dir/port")"
}

pooler_stop() {
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/$1/pid" 2>/dev/null) || return 0
	kill -KILL "$pid" 2>/dev/null || return 0
	wait_until 10 pid_gone "$pid"
}
