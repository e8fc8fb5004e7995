# tcp=, http= and redis=: which addresses they take, and Redis over TLS and over a socket.
# shellcheck disable=SC2030,SC2031 # tests are subshells

load ../lib/base
load ../lib/background
bats_require_minimum_version 1.5.0

setup_file() {
	export BATS_TEST_TIMEOUT=120
	use_applets
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	: >started
	unset SSL_CERT_FILE HEALTHZ_CHECKS
}

teardown() {
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$BATS_TEST_TMPDIR/started"
}

# certificate FILE NAMES: a key and a certificate that it signs itself.
certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout "$1.key" -out "$1.pem" -subj /CN=cache \
		-addext "subjectAltName=$2" 2>/dev/null
}

# redis OPTION...: a server with these, and nothing else that listens.
redis() {
	in_background redis-server --port 0 --bind 127.0.0.1 --save '' --dir "$PWD" "$@"
}

@test "a scheme that is not known, or a list of hosts, is refused at once, and never taken for a host" {
	local check
	for check in redis=valkey://h redis=valkeys://h redis=redis+socket:///x redis=http://h redis=unix://h/x redis=unix:// \
		redis=unix:/x 'redis=redis://h?ssl=true' 'redis=rediss://h?ssl=false' 'redis=rediss://h?ssl_cert_reqs=perhaps' \
		'redis=rediss://h?tls_something=1' 'redis=rediss://h?ssl_keyfile=k' http=ftp://h/ http=localhost:8000 http=/x \
		http=http:// http=https:///x 'http=http://a b/' http=http://h:99999/ http=gopher://h tcp=tcp://h:1 \
		tcp=redis://h:1 tcp=a,b:80 tcp=a:1,b:2 redis=a:1,b:2 redis=redis://a:1,b:2/0 redis=rediss://a,b; do
		run -64 timeout 10 waitdb --timeout 30s --for "$check"
		[[ $output == *"is written ${check%%=*}="* ]]
		run -1 healthz "$check"
		HEALTHZ_CHECKS=$check run -1 healthz
		[[ $output == *"is written ${check%%=*}="* ]]
		WAITDB_FOR=$check run -78 timeout 10 waitdb --timeout 30s
		[[ $output == *"WAITDB_FOR: "*"is written ${check%%=*}="* ]]
	done
}

@test "rediss:// speaks TLS, and believes no certificate but one that is trusted and of that host" {
	local port other soon=500ms
	# A handshake takes its time where each instruction is translated.
	[ -z "${EMULATED:-}" ] || soon=5s
	command -v redis-server openssl >/dev/null || skip 'no redis-server or openssl'
	certificate own DNS:localhost,IP:127.0.0.1
	certificate other DNS:other.example
	port=$(free_port)
	redis --tls-port "$port" --tls-cert-file own.pem --tls-key-file own.key --tls-ca-cert-file own.pem \
		--tls-auth-clients no --requirepass geheim
	run -0 waitdb --timeout 20s --for "redis=rediss://:geheim@127.0.0.1:$port/0?ssl_ca_certs=$PWD/own.pem"
	[[ $output != *geheim* ]]
	SSL_CERT_FILE=$PWD/own.pem run -0 waitdb --timeout 5s --for "redis=REDISS://default:geheim@localhost:$port"
	run -0 waitdb --timeout 5s --for "redis=rediss://:geheim@127.0.0.1:$port?ssl_cert_reqs=none"
	run -0 waitdb --timeout 5s --for "redis=rediss://127.0.0.1:$port?ssl_cert_reqs=CERT_NONE&password=geheim"
	[[ $output != *geheim* ]]
	run -124 waitdb --timeout $soon --for "redis=rediss://:geheim@127.0.0.1:$port"
	[[ $output == *"certificate is not trusted"* ]]
	run -124 waitdb --timeout $soon --for "redis=rediss://:geheim@127.0.0.1:$port?ssl_ca_certs=$PWD/other.pem"
	[[ $output == *"certificate is not trusted"* ]]
	run -124 waitdb --timeout $soon --for "redis=rediss://127.0.0.1:$port?ssl_ca_certs=$PWD/own.pem"
	[[ $output == *NOAUTH* ]]
	run -124 waitdb --timeout $soon --for "redis=redis://127.0.0.1:$port"
	run -1 healthz "redis=rediss://:geheim@127.0.0.1:$port"
	other=$(free_port)
	redis --tls-port "$other" --tls-cert-file other.pem --tls-key-file other.key --tls-ca-cert-file own.pem
	run -0 waitdb --timeout 20s --for "tcp=127.0.0.1:$other"
	run -124 waitdb --timeout $soon --for "redis=rediss://127.0.0.1:$other?ssl_ca_certs=$PWD/other.pem"
	[[ $output == *"not trusted: "*mismatch* ]]
	run -0 waitdb --timeout 5s --for "redis=rediss://127.0.0.1:$other?ssl_ca_certs=$PWD/other.pem&ssl_check_hostname=false&ssl_certfile=$PWD/own.pem&ssl_keyfile=$PWD/own.key"
}

@test "rediss:// to a server that speaks no TLS, or says nothing, ends in time" {
	local port
	command -v redis-server >/dev/null || skip 'no redis-server'
	port=$(free_port)
	redis --port "$port"
	run -0 waitdb --timeout 20s --for "redis=127.0.0.1:$port"
	run -124 timeout 20 waitdb --timeout 500ms --for "redis=rediss://127.0.0.1:$port"
	[[ $output == *TLS* || $output == *"no answer"* ]]
}

@test "unix:// is a socket, with and without a password" {
	command -v redis-server >/dev/null || skip 'no redis-server'
	redis --unixsocket "$PWD/redis.sock" --requirepass geheim
	run -0 waitdb --timeout 20s --for "redis=unix://:geheim@$PWD/redis.sock"
	run -0 waitdb --timeout 5s --for "redis=unix://$PWD/redis.sock?db=0&password=geheim"
	[[ $output != *geheim* ]]
	run -124 waitdb --timeout 300ms --for "redis=unix://$PWD/redis.sock"
	[[ $output == *NOAUTH* ]]
	run -124 waitdb --timeout 300ms --for "redis=unix://$PWD/none.sock"
	[[ $output == *"No such file"* ]]
}

@test "a password in an http URL may have an @, as it is or percent-encoded" {
	local port form
	command -v python3 >/dev/null || skip 'no python3 for an HTTP server'
	python3 - >web.log 2>&1 3>&- <<-'END' &
		import base64, http.server
		class Handler(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        want = "Basic " + base64.b64encode(b"u:p@ss@wd").decode()
		        self.send_response(200 if self.headers.get("Authorization") == want else 401)
		        self.end_headers()
		server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
		open("port", "w").write(str(server.server_port) + "\n")
		server.serve_forever()
	END
	echo $! >>started
	wait_until 20 test -s port
	port=$(cat port)
	for form in 'u:p@ss@wd' 'u:p%40ss%40wd' 'u:p%40ss@wd'; do
		run -0 waitdb --timeout 5s --for "http=http://$form@127.0.0.1:$port/a@b?c=d@e"
		[[ $output != *ss@wd* && $output != *ss%40wd* ]]
	done
	run -124 waitdb --timeout 300ms --for "http=http://u:other@127.0.0.1:$port/"
	[[ $output == *"answered 401"* ]]
}

@test "localhost is found where there is neither /etc/hosts nor a name server" {
	[ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null || skip 'needs root for a mount namespace'
	echo 'nameserver 127.0.0.1' >resolv.conf
	cat >bare.sh <<-'END'
		mount --bind /dev/null /etc/hosts && mount --bind resolv.conf /etc/resolv.conf && exec "$@"
	END
	run -124 timeout 20 unshare -m sh bare.sh waitdb --timeout 500ms --for tcp=localhost:1
	[[ $output == *"connection refused"* ]]
	run -124 timeout 20 unshare -m sh bare.sh waitdb --timeout 500ms postgres://app@LocalHost:1/app
	[[ $output == *"connection refused"* ]]
	run -2 timeout 20 unshare -m sh bare.sh psql -X -c 'select 1' postgres://app@localhost:1/app
	[[ $output == *"(127.0.0.1), port 1 failed"* ]]
}
