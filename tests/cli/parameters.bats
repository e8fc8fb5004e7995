# What no server will ever be asked with is refused before anybody is connected to, by every applet.

load ../lib/base

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
}

setup() {
	export HOME=$BATS_TEST_TMPDIR
	AT=postgres://u@127.0.0.1:1/d
}

# refuses PARAMETER WORDS: of a URL it is 64, in DATABASE_URL 78, at once, and WORDS are in the message.
refuses() {
	exits 64 timeout 5 waitdb "$AT?$1"
	says "$2"
	DATABASE_URL="$AT?$1" exits 78 timeout 5 waitdb
	says DATABASE_URL
	says "$2"
}

@test "a value that libpq does not take is refused at once, and named" {
	refuses target_session_attrs=foo target_session_attrs
	refuses channel_binding=foo channel_binding
	refuses sslnegotiation=foo sslnegotiation
	refuses 'sslnegotiation=direct&sslmode=prefer' sslnegotiation
	refuses require_auth=foo require_auth
	refuses require_auth=md5,!password require_auth
	refuses gssencmode=foo gssencmode
	refuses gssencmode=require gssencmode
	refuses load_balance_hosts=foo load_balance_hosts
	refuses min_protocol_version=9.9 min_protocol_version
	refuses max_protocol_version=foo max_protocol_version
	refuses ssl_min_protocol_version=foo ssl_min_protocol_version
	refuses 'ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2' range
	refuses sslcertmode=foo sslcertmode
	refuses client_encoding=KLINGON client_encoding
	refuses service=nope nope
	refuses connect_timeout=abc connect_timeout
	refuses keepalives=abc keepalives
	refuses keepalives_idle=5s keepalives_idle
	refuses tcp_user_timeout=99999999999 tcp_user_timeout
	refuses 'host=a,b,c&port=1,2' port
	exits 64 timeout 5 waitdb 'postgres://u@/d?port=1,2'
	says port
	refuses 'host=a,b&hostaddr=1.1.1.1' hostaddr
	refuses 'host=a&hostaddr=localhost' hostaddr
	refuses "host=/$(printf 'x%.0s' {1..100})" socket
	exits 64 timeout 5 waitdb 'host=127.0.0.1 user=u port=abc'
	says port
	exits 64 timeout 5 waitdb 'host=127.0.0.1 user=u port=99999'
	exits 64 timeout 5 waitdb 'host=127.0.0.1 user=u nonsense=1'
	exits 64 timeout 5 waitdb 'host=127.0.0.1 user=u sslmode=nonsense'
}

@test "a file that a login needs and that is not there is refused at once, and named" {
	refuses 'sslmode=verify-full&sslrootcert=/no/ca.crt' /no/ca.crt
	refuses 'sslmode=verify-ca&sslrootcert=/no/ca.crt' /no/ca.crt
	refuses sslmode=verify-ca sslrootcert
	: >"$BATS_TEST_TMPDIR/client.crt"
	refuses "sslmode=require&sslcert=$BATS_TEST_TMPDIR/client.crt&sslkey=/no/client.key" /no/client.key
	# What is not used may be missing.
	exits 124 waitdb --timeout 100ms "$AT?sslmode=prefer&sslcert=$BATS_TEST_TMPDIR/client.crt&sslkey=/no/client.key"
	exits 124 waitdb --timeout 100ms "$AT?sslmode=require&sslrootcert=/no/ca.crt"
	exits 124 waitdb --timeout 100ms "postgres://u:p@127.0.0.1:1/d?passfile=/no/pass"
}

@test "a file without which libpq goes on may be missing" {
	local words
	for words in passfile=/no/pass 'sslmode=require&sslcert=/no/client.crt' 'sslmode=require&sslcert=/no/c&sslkey=/no/k' \
		'sslmode=verify-full&sslkey=/no/client.key'; do
		echo "$words"
		exits 124 waitdb --timeout 100ms "$AT?$words"
	done
	# To keep libpq away from the one at home.
	PGSSLCERT=/no/client.crt PGSSLMODE=require exits 124 waitdb --timeout 100ms "$AT"
	# A socket has no TLS.
	exits 124 waitdb --timeout 100ms "postgres://u@/d?host=/no&sslmode=verify-full&sslrootcert=/no/ca.crt"
	PGSSLMODE=verify-ca exits 124 waitdb --timeout 100ms "postgres://u@/d?host=/no"
	PGSSLMODE=verify-ca exits 78 waitdb --timeout 100ms "postgres://u@/d?host=/no,db"
}

# services LINE...: the service file's.
services() {
	printf '%s\n' "$@" >"$BATS_TEST_TMPDIR/services"
	export PGSERVICEFILE=$BATS_TEST_TMPDIR/services
}

@test "what a service is asked for is judged like a URL, and not refused with what a URL may have" {
	services '[lists]' host=127.0.0.1,127.0.0.1 hostaddr=127.0.0.1,127.0.0.1 port=1 user=u \
		'[peer]' host=/no user=u requirepeer=postgres \
		'[port]' host=127.0.0.1 port=abc user=u '[ports]' host=a,b port=1,2,3 user=u \
		'[mode]' host=127.0.0.1 user=u sslmode=verify-full sslrootcert=/no/ca.crt \
		'[torn]' host=127.0.0.1 nonsense user=u
	exits 124 waitdb --timeout 100ms service=lists
	exits 124 waitdb --timeout 100ms service=peer
	exits 124 waitdb --timeout 100ms 'postgres:///d?service=peer'
	exits 64 timeout 5 waitdb service=port
	says port
	exits 64 timeout 5 waitdb service=ports
	says port
	PGSERVICE=ports exits 78 timeout 5 waitdb
	exits 64 timeout 5 waitdb service=mode
	says /no/ca.crt
	exits 64 timeout 5 waitdb service=torn
	says syntax
	exits 124 waitdb --timeout 100ms "host=127.0.0.1 port=1 user=u service=''"
}

@test "a host may be called as it likes" {
	exits 124 waitdb --timeout 2s --auth-grace 100ms 'host=SSL-certificate.invalid user=u'
	says resolve
	exits 69 isempty 'host=SSL-certificate.invalid user=u'
	mkdir "$BATS_TEST_TMPDIR/SSL"
	exits 124 waitdb --timeout 500ms --auth-grace 100ms "host=$BATS_TEST_TMPDIR/SSL user=u"
	exits 124 waitdb --timeout 500ms --auth-grace 100ms "host=/certificate,127.0.0.1 port=1 user=u"
	exits 124 waitdb --timeout 100ms 'host=@name user=u'
	says socket
}

@test "a value that libpq takes is not refused" {
	local words
	for words in target_session_attrs=prefer-standby channel_binding=disable require_auth=scram-sha-256,md5 connect_timeout=5 \
		connect_timeout=-1 client_encoding=auto client_encoding=latin1 'options=-c%20a.b=1' load_balance_hosts=random \
		sslmode=verify-full keepalives=0 requirepeer=postgres sslsni=0 'host=127.0.0.1,127.0.0.1&port=1' 'host=127.0.0.1,127.0.0.1&port=1,1'; do
		echo "$words"
		exits 124 waitdb --timeout 100ms "$AT?$words"
	done
}

@test "a variable of libpq is 78, whatever names the database, unless it is overridden" {
	local words
	for words in PGTARGETSESSIONATTRS=foo PGCHANNELBINDING=foo PGSSLNEGOTIATION=foo PGREQUIREAUTH=foo PGGSSENCMODE=foo \
		PGLOADBALANCEHOSTS=foo PGSSLMINPROTOCOLVERSION=foo PGCLIENTENCODING=KLINGON PGCONNECT_TIMEOUT=abc \
		PGSSLMODE=verify-ca; do
		echo "$words"
		exits 78 env "$words" timeout 5 waitdb "$AT"
		says PG
	done
	PGCHANNELBINDING=foo exits 124 waitdb --timeout 100ms "$AT?channel_binding=disable"
	PGPASSFILE=/no/pass exits 124 waitdb --timeout 100ms "$AT"
	PGREQUIREPEER=postgres exits 124 waitdb --timeout 100ms "$AT"
	PGHOSTADDR=1.1.1.1,2.2.2.2 exits 124 waitdb --timeout 100ms "$AT"
	PGSERVICE=nope PGPORT=abc exits 124 waitdb --timeout 100ms "$AT"
}

@test "a port that is none is 78 at once, and its variable named" {
	PGPORT=abc PGHOST=127.0.0.1 PGUSER=u exits 78 timeout 5 waitdb
	says PGPORT
	PGPORT=99999 PGHOST=127.0.0.1 PGUSER=u exits 78 timeout 5 isempty
	POSTGRES_PORT=0 POSTGRES_HOST=127.0.0.1 exits 78 timeout 5 waitdb
	says POSTGRES_PORT
	PGSERVICE=nope exits 78 timeout 5 waitdb
	says nope
	DB_PORT=99999 exits 78 envcheck --require DB_PORT
}

@test "every applet refuses it at once" {
	local bad="$AT?target_session_attrs=foo"
	exits 64 timeout 5 isempty "$bad"
	exits 64 timeout 5 seedonce "$bad" -- true
	exits 64 timeout 5 pgbackup run --dir "$BATS_TEST_TMPDIR" "$bad"
	: >"$BATS_TEST_TMPDIR/x.dump"
	exits 64 timeout 5 pgrestore "$BATS_TEST_TMPDIR/x.dump" "$bad"
	exits 64 timeout 5 pgrestore undo "$bad"
	exits 1 timeout 5 healthz --url "$bad"
	exits 3 timeout 5 waitdb --once "$bad"
	DATABASE_URL=$bad exits 78 timeout 5 pgbackup run --dir "$BATS_TEST_TMPDIR"
	DATABASE_URL=$bad exits 78 timeout 5 envcheck --require DATABASE_URL:postgres-url
	says target_session_attrs
}
