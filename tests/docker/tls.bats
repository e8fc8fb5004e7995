# TLS from an image without a CA file, a home or a name: who is believed, and who is not.

bats_require_minimum_version 1.5.0

load lib

setup_file() {
	docker_begin
	CA=$BATS_FILE_TMPDIR/ca
	export CA
	certificates
	server db ca good --network-alias elsewhere
	server late ca expired
	image_with_ca
	local name
	for name in db late; do
		wait_until 60 logged "$name" 'starts for everybody'
		box "$PGBOX_IMAGE" waitdb -q "$(url $name sslmode=require)"
	done
}

teardown_file() {
	docker_end
}

# A CA, and certificates of its for db and late.
certificates() {
	mkdir "$CA"
	(
		cd "$CA" || exit
		openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=test CA' -keyout ca.key -out ca.pem
		: >index.txt
		printf '%s\n' '[ca]' 'default_ca = c' '[c]' 'database = index.txt' 'new_certs_dir = .' 'rand_serial = yes' \
			'default_md = sha256' 'policy = p' 'copy_extensions = copy' 'unique_subject = no' '[p]' 'commonName = supplied' >ca.conf
		certificate good db 20200101000000Z 20991231235959Z
		certificate expired late 20200101000000Z 20200201000000Z
		certificate renewed late 20200101000000Z 20991231235959Z
	) >"$BATS_FILE_TMPDIR/openssl" 2>&1
}

# certificate NAME HOST BEGIN END
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -keyout "$1.key" -out "$1.csr"
	openssl ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.crt" -startdate "$3" -enddate "$4" -notext
}

# server NAME CA CERTIFICATE DOCKER-RUN-ARGUMENT...: a server with that certificate.
server() {
	local name=$1 certificate=$3
	shift 3
	mkdir "$BATS_FILE_TMPDIR/$name"
	cp "$CA/$certificate.key" "$BATS_FILE_TMPDIR/$name/key"
	cp "$CA/$certificate.crt" "$BATS_FILE_TMPDIR/$name/crt"
	# The image's postgres must own it, and nobody else read it.
	chown 999 "$BATS_FILE_TMPDIR/$name/key"
	chmod 600 "$BATS_FILE_TMPDIR/$name/key"
	container "$name" -e POSTGRES_PASSWORD=secret -v "$BATS_FILE_TMPDIR/$name:/tls:ro" "$@" postgres:17 \
		-c ssl=on -c ssl_cert_file=/tls/crt -c ssl_key_file=/tls/key
}

# The image with the CA compiled in, built as a user would: the file in docker/, its name in CA_EXTRA.
image_with_ca() {
	local context=$BATS_FILE_TMPDIR/context
	mkdir "$context"
	(cd "$ROOT" && cp -R --parents .dockerignore VERSION sources.lock build.sh Makefile applets src tools docker/Dockerfile "$context")
	cp "$CA/ca.pem" "$context/docker/"
	PGBOX_CONTEXT=$context "$ROOT/tests/docker/pgbox.sh" "$PROJECT-ca" "$(uname -m)" --build-arg CA_EXTRA=docker/ca.pem
}

url() {
	echo "postgres://postgres:secret@$1/postgres?$2"
}

# refused WORDS DOCKER-RUN-ARGUMENT...: the login is refused for good, with these words.
refused() {
	run -77 box -e WAITDB_AUTH_GRACE=0 "${@:2}"
	[[ $output == *"$1"* ]] || { echo "$output"; return 1; }
}

ENCRYPTED='query=select ssl from pg_stat_ssl where pid = pg_backend_pid()'

@test "verify-full believes a CA that is named" {
	box -v "$CA/ca.pem:/ca.pem:ro" -e PGSSLROOTCERT=/ca.pem "$PGBOX_IMAGE" \
		waitdb --for "$ENCRYPTED" "$(url db sslmode=verify-full)"
	box -v "$CA/ca.pem:/ca.pem:ro" -e SSL_CERT_FILE=/ca.pem "$PGBOX_IMAGE" isempty "$(url db sslmode=verify-full)"
}

@test "verify-full believes a CA of the image's own file" {
	box -v "$CA/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro" "$PGBOX_IMAGE" isempty "$(url db sslmode=verify-full)"
}

@test "verify-full believes a CA that was compiled in, and no other" {
	box "$PROJECT-ca" waitdb --for "$ENCRYPTED" "$(url db sslmode=verify-full)"
	box --read-only --user 65534 "$PROJECT-ca" isempty "$(url db sslmode=verify-full)"
	refused 'certificate verify failed' "$PGBOX_IMAGE" waitdb "$(url db sslmode=verify-full)"
}

@test "verify-full refuses a certificate for another name" {
	box "$PROJECT-ca" waitdb "$(url elsewhere sslmode=require)"
	refused 'does not match host name "elsewhere"' "$PROJECT-ca" waitdb "$(url elsewhere sslmode=verify-full)"
	refused 'does not match host name "elsewhere"' -v "$CA/ca.pem:/ca.pem:ro" -e PGSSLROOTCERT=/ca.pem "$PGBOX_IMAGE" \
		isempty "$(url elsewhere sslmode=verify-full)"
}

# libpq does not say why; the same server is believed as soon as its certificate is another.
@test "verify-full refuses a certificate that has expired" {
	refused 'certificate verify failed' "$PROJECT-ca" waitdb "$(url late sslmode=verify-full)"
	refused 'certificate verify failed' -v "$CA/ca.pem:/ca.pem:ro" -e SSL_CERT_FILE=/ca.pem "$PGBOX_IMAGE" \
		isempty "$(url late sslmode=verify-full)"
	cat "$CA/renewed.crt" >"$BATS_FILE_TMPDIR/late/crt"
	cat "$CA/renewed.key" >"$BATS_FILE_TMPDIR/late/key"
	sql late postgres 'select pg_reload_conf()'
	wait_until 10 box "$PROJECT-ca" isempty -q "$(url late sslmode=verify-full)"
}

@test "a backup is taken and put back over verify-full, by the CA compiled in" {
	sql db postgres 'create table t as select 1 as one'
	docker volume create "$PROJECT-kept" >/dev/null
	box -v "$PROJECT-kept:/backups" "$PROJECT-ca" pgbackup run "$(url db sslmode=verify-full)"
	sql db postgres 'drop table t'
	box -v "$PROJECT-kept:/backups" "$PROJECT-ca" pgrestore latest "$(url db sslmode=verify-full)"
	[ "$(sql db postgres 'select one from t')" = 1 ]
}
