# envcheck: what it finds in an environment, how it says so, and the command at the end.
# What depends on the machine (is this a container?) is in tests/unit/test_audit.c.

load ../lib/base
bats_require_minimum_version 1.5.0

setup_file() {
	use_applets
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	GOOD=k3h9zQ1xVb7mTq2LwE8rYc5pAs4DfG6j
}

# finds STATUS LINES NAME=VALUE... envcheck [OPTION...]: exits so and says these lines in this order, alone
# in the environment. `E ` and `W ` in front of a line stand for what precedes it.
finds() {
	local want=$1 wanted=$2 line
	shift 2
	wanted=$(while IFS= read -r line; do
		line=${line/#E /envcheck: error: }
		line=${line/#W /envcheck: warning: }
		echo "${line/#I /envcheck: info: }"
	done <<<"$wanted")
	run timeout 10 env -i "PATH=$PATH" "$@"
	[ "$status" -eq "$want" ] && [ "$output" = "$wanted" ] && return
	printf 'status %s, not %s\nsaid:\n%s\nwanted:\n%s\n' "$status" "$want" "$output" "$wanted"
	return 1
}

# holds STATUS PART NAME=VALUE... envcheck [OPTION...]: the same of a part of what it says.
holds() {
	local want=$1 part=$2
	shift 2
	run "-$want" timeout 10 env -i "PATH=$PATH" "$@"
	[[ $output == *"$part"* ]] && return
	printf 'said:\n%s\nwanted: %s\n' "$output" "$part"
	return 1
}

# quiet_about CANARY NAME=VALUE... envcheck [OPTION...]: no four bytes of the canary are in what it says, as text, as
# JSON, or as a JSON log. Gathers the codes of what it found.
quiet_about() {
	local canary=$1 form i
	shift
	for form in text json log; do
		case $form in
		text) run timeout 10 env -i "PATH=$PATH" "$@" -v ;;
		json) run timeout 10 env -i "PATH=$PATH" "$@" -v --json ;;
		log) run timeout 10 env -i "PATH=$PATH" PGBOX_LOG=json "$@" -v ;;
		esac
		[ "$status" -ne 124 ]
		echo "$output" | grep -o '"code":"[a-z]*"' >>codes || true
		for ((i = 0; i + 4 <= ${#canary}; i++)); do
			if grep -qiF -- "${canary:i:4}" <<<"$output"; then
				printf '%s: said %s\n' "$form" "$output"
				return 1
			fi
		done
	done
}

# --- the spec ---

@test "a plain example says what is required, and the environment that has it is fine" {
	printf '%s\n' '# the shop' 'PORT=8000' 'TITLE="My shop"' '' '# optional' 'THEME=dark' 'NOTE=' '# DEBUG=1' >.env.example
	finds 0 "I no problems in 5 variables" PORT=80 TITLE=x envcheck --spec .env.example
	finds 78 "E PORT: is required, but not set
E TITLE: is required, but not set
E 2 problems in 5 variables" envcheck --spec .env.example
}

@test "decorators say more" {
	printf '%s\n' '# @defaultRequired=false' '# ---' '# @required @type=port' 'PORT=' '# @type=enum(a,b)' 'MODE=' \
		'# @required=forEnv(production)' 'SITE=' >.env.schema
	finds 78 "E MODE: is none of a, b
E PORT: is not a port: a number from 1 to 65535
E 2 problems in 3 variables" PORT=x MODE=c envcheck --spec .env.schema
	finds 78 "E SITE: is required, but not set
E 1 problem in 3 variables, for production" PORT=1 envcheck --spec .env.schema --env production
}

@test "the command line and the variables say it as well" {
	finds 78 "E A: is required, but not set
E B: is not a whole number
E 2 problems in 2 variables" B=x envcheck --require A --require B:int
	finds 78 "E A: is required, but not set
E B: is not a whole number
E 2 problems in 2 variables" B=x ENVCHECK_REQUIRE=$'A\nB:int' envcheck
	printf 'A=1\n' >spec
	finds 78 "E A: is required, but not set
E 1 problem in 1 variable" ENVCHECK_SPEC=spec envcheck
	finds 78 "E B: is not set, but A is: set all of A, B, or none of them
E 1 problem in 2 variables" A=1 ENVCHECK_GROUP=A,B envcheck
}

@test "a spec that lies there is pointed out, and never read unasked" {
	printf 'PORT=80\n' >.env.example
	finds 0 "I there is a .env.example here: --spec .env.example checks what it asks for
W nothing was checked: --spec and --require say what the app needs
I no problems in 0 variables" envcheck
}

@test "a spec that is missing is 66, one that cannot be read as such is 64" {
	holds 66 "cannot read 'nowhere'" envcheck --spec nowhere
	printf 'A="x\n' >broken
	holds 64 "'broken', line 1" envcheck --spec broken
	printf '# @type=prot\nA=1\n' >wrong
	holds 64 "the type of A: unknown type: did you mean port?" envcheck --spec wrong
	holds 64 "--require: the type of A: unknown type: the types are string, int" envcheck --require A:x
	holds 64 "--require: A=... has a value" envcheck --require A=s3cret
	holds 64 "--group: a group has two names" envcheck --group A
	holds 64 "1 operand is too many" envcheck .env.example
}

@test "init prints a first spec that reads as the example does" {
	printf '%s\n' '# where it listens' 'PORT=8000' 'SECRET_KEY=hunter22' >.env.example
	run -0 --separate-stderr envcheck --init .env.example
	[ -z "$stderr" ]
	[[ $output == *"# where it listens"*"@type=port"*"PORT="*"@sensitive"*"SECRET_KEY="* ]]
	[[ $output != *hunter22* ]]
	echo "$output" >.env.schema
	finds 78 "E PORT: is not a port: a number from 1 to 65535
E SECRET_KEY: is required, but not set: set it, or SECRET_KEY_FILE to the path of a file that holds it
E 2 problems in 2 variables" PORT=x envcheck --spec .env.schema
	holds 66 "nowhere" envcheck --init nowhere
	holds 64 "--init prints a spec" envcheck --init .env.example -- true
}

# --- findings ---

@test "what is required and missing, empty or blank" {
	finds 78 "E A: is required, but not set
E B: is required, but empty: Compose sets it so when \${B} is not set where it is read
E C: is set to nothing but blanks
E 3 problems in 3 variables" B= 'C= ' envcheck --require A --require B --require C
}

@test "values out of their type" {
	finds 78 "E DIR: is a path where no directory is: mount it, or set the right one
E FILE: is the path of a directory, and not of a file: Docker makes one where the file to mount is not on the host
E FROM: is not an email address: name@host
E PATH_IN: is a path where nothing is: mount it, or set the right one
E PORT: is not a port: a number from 1 to 65535
E SITE: is not a URL: scheme://host...
E WAIT: is not a duration such as 500ms, 30s, 2m, 1h30m, 7d
E 7 problems in 7 variables" PORT=tcp://10.0.0.1:80 SITE=example.org FROM=me WAIT=soon PATH_IN=/nowhere FILE=/tmp DIR=/nowhere \
		envcheck --require PORT:port --require SITE:url --require FROM:email --require WAIT:duration \
		--require PATH_IN:path --require FILE:file --require DIR:dir
}

@test "a database URL that names localhost in a container is a warning" {
	finds 0 "W DATABASE_URL: names localhost, which in a container is the container itself: use the name of the server's service (unless the two share one network)
I 1 warning in 1 variable" KUBERNETES_SERVICE_HOST=10.0.0.1 "DATABASE_URL=postgres://app:$GOOD@localhost/app" envcheck
	finds 78 "W DATABASE_URL: names localhost, which in a container is the container itself: use the name of the server's service (unless the two share one network)
E 1 warning in 1 variable" KUBERNETES_SERVICE_HOST=10.0.0.1 "DATABASE_URL=postgres://app:$GOOD@localhost/app" envcheck --strict
}

@test "DATABASE_URL and POSTGRES_* that disagree on host, user or database" {
	finds 0 "W DATABASE_URL: does not have the host of POSTGRES_HOST, the user of PGUSER, the database of POSTGRES_DB: what reads the one and what reads the other go to different places; make them agree, or unset one
I 1 warning in 4 variables" "DATABASE_URL=postgres://app:$GOOD@db/app" POSTGRES_HOST=db2 PGUSER=root POSTGRES_DB=shop envcheck
	finds 0 "I no problems in 4 variables" "DATABASE_URL=postgres://app:$GOOD@db/shop" POSTGRES_HOST=db PGUSER=app POSTGRES_DB=shop envcheck
}

@test "placeholders, defaults and short keys are errors in production, and warnings elsewhere" {
	local name
	finds 78 "E DJANGO_SECRET_KEY: is a placeholder that was never replaced: set a real one (\`openssl rand -hex 32\` makes passwords and keys)
E JWT_SECRET: is too short for a signing key, which needs 32 characters: set a real one (\`openssl rand -hex 32\` makes passwords and keys)
E POSTGRES_PASSWORD: is one that everybody tries first: set a real one (\`openssl rand -hex 32\` makes passwords and keys)
E SMTP_PASSWORD: has too little variety: set a real one (\`openssl rand -hex 32\` makes passwords and keys)
E 4 problems in 4 variables, for production" DJANGO_SECRET_KEY=django-insecure-q7+8w JWT_SECRET=k3h9zQ1xVb7mTq2Lw \
		POSTGRES_PASSWORD=postgres SMTP_PASSWORD=aaaaaaaaaa envcheck --env production
	for name in APP_ENV NODE_ENV FLASK_ENV DJANGO_ENV RAILS_ENV ENVIRONMENT ENVCHECK_ENV; do
		holds 78 "envcheck: error: API_TOKEN: is a placeholder" "$name=production" API_TOKEN=change_me envcheck
		holds 0 "envcheck: warning: API_TOKEN: is a placeholder" "$name=staging" API_TOKEN=change_me envcheck
	done
	holds 78 "for production" NODE_ENV=PROD API_TOKEN=change_me envcheck
	holds 78 "for production" NODE_ENV=live API_TOKEN=change_me envcheck
	holds 0 "envcheck: warning" APP_ENV=dev NODE_ENV=production API_TOKEN=change_me envcheck
	holds 0 "envcheck: warning" NODE_ENV=production API_TOKEN=change_me envcheck --env dev
}

@test "a name of the environment that cannot be trusted is an error" {
	finds 78 "E NODE_ENV: has quotes around it, which \`docker run --env-file\` leaves there: take them out of the file
E 1 problem in 1 variable" 'NODE_ENV="production"' envcheck
}

@test "the value of the example, whatever it is, is a weak secret" {
	printf 'SECRET_KEY=%s\n' "$GOOD" >.env.example
	holds 78 "envcheck: error: SECRET_KEY: is still the example's" "SECRET_KEY=$GOOD" envcheck --spec .env.example --env production
	finds 0 "I no problems in 1 variable, for production" "SECRET_KEY=${GOOD}x" envcheck --spec .env.example --env production
}

@test "the password in a URL is looked at" {
	holds 78 "error: USERS_DB_URL: has a password that is a placeholder" USERS_DB_URL=postgres://u:change-this-svc@db/x envcheck --env production
	holds 78 "error: DATABASE_URL: has a password that is the name of the user" DATABASE_URL=postgres://inventory:inventory@db/x envcheck --env production
	holds 0 "warning: DATABASE_URL: has a password that is not percent-encoded" 'DATABASE_URL=postgres://app:k3/h9@zQ1%@db/x' envcheck
}

@test "weak secrets may be allowed by name, which is said" {
	finds 0 "W API_TOKEN: is a placeholder that was never replaced; it is allowed by ENVCHECK_ALLOW_WEAK
I no problems in 1 variable, for production" API_TOKEN=change_me ENVCHECK_ALLOW_WEAK=OTHER,API_TOKEN envcheck --env production --strict
	holds 78 "error: API_TOKEN" API_TOKEN=change_me envcheck --env production --allow-weak OTHER
	holds 0 "allowed" API_TOKEN=change_me envcheck --env production --allow-weak API_TOKEN
}

@test "a placeholder in what is no secret is a warning" {
	printf 'TENANT_ID=your-tenant-id\n' >.env.example
	finds 0 "W TENANT_ID: looks like a placeholder that was never replaced
I 1 warning in 1 variable, for production" TENANT_ID=your-tenant-id envcheck --spec .env.example --env production
}

@test "half a login at a storage, and half a group" {
	finds 78 "E AWS_SECRET_ACCESS_KEY: is not set, but AWS_ACCESS_KEY_ID is: a login at the storage needs both, or none
E 1 problem in 1 variable" AWS_ACCESS_KEY_ID=AKIA3H9ZQ1XVB7M envcheck
	finds 78 "E B: is not set, but A is: set all of A, B, C, or none of them
E 1 problem in 3 variables" A=1 C=1 envcheck --group A,B,C
	finds 0 "I no problems in 3 variables" envcheck --group A,B,C
}

@test "quotes, blanks, a CR and references that an env file left in values" {
	finds 78 "E A: has quotes around it, which \`docker run --env-file\` leaves there: take them out of the file
E B: begins or ends with a blank: take it away
E C: ends in a carriage return: the file it comes from has the line ends of Windows; save it with those of Unix
E D: still has a \$ reference in it, which nothing has expanded: env files are not read by a shell; write what it stands for
E 4 problems in 4 variables" 'A="x"' 'B=x ' $'C=x\r' 'D=http://${HOST}/' envcheck --require A --require B --require C --require D
}

@test "a comment or a reference that is left in a value, and a DATABASE_URL that is none" {
	local value
	for value in '# generate with openssl' 'k3h9zQ1xVb7mk3h9zQ1xVb7mk3h9zQ1x # the key'; do
		holds 78 "SECRET_KEY: has a comment in its value" SECRET_KEY="$value" envcheck
	done
	holds 78 "POSTGRES_USER: has a comment in its value" POSTGRES_USER='app # the owner' envcheck
	holds 0 "warning: OWNER: has a comment in its value" OWNER='app # the owner' envcheck
	for value in op://vault/item/field vault:secret/data/app#key '!Ref Secret' '{{ secret_key }}' bws://1-2 \
		arn:aws:secretsmanager:eu-west-1:1:secret:app file:///run/secrets/key secret://app/key; do
		holds 78 "SECRET_KEY: is a reference" SECRET_KEY="$value" envcheck
	done
	for value in generate_me_with_openssl_rand_hex_64 use_openssl_rand_base64_32_to_generate 'changeme://key'; do
		holds 78 "SECRET_KEY: is a placeholder" APP_ENV=production SECRET_KEY="$value" envcheck
	done
	holds 78 "DATABASE_URL: is not the URL of a database" DATABASE_URL=foo envcheck
}

@test "a variable and its file both set" {
	finds 78 "E API_TOKEN: is set, and so is API_TOKEN_FILE: unset one
E 1 problem in 1 variable" API_TOKEN=x API_TOKEN_FILE=/x envcheck
}

@test "a secret file that is missing, a directory, empty, or readable for everybody" {
	: >empty
	echo "$GOOD" >open
	chmod 644 open
	finds 78 "E A_TOKEN_FILE: names a file that is not there: mount it, or set the right path
E B_TOKEN_FILE: names a directory: Docker makes one where the file to mount is not on the host
E C_TOKEN_FILE: names an empty file: put the value there
W D_TOKEN_FILE: names a secret that everybody may read: chmod 600, or 640 with the app's group
E 3 problems, 1 warning in 4 variables" A_TOKEN_FILE=./nowhere B_TOKEN_FILE=. C_TOKEN_FILE=empty D_TOKEN_FILE=open envcheck
	chmod 640 open
	finds 0 "I no problems in 1 variable" D_TOKEN_FILE=open envcheck --require D_TOKEN
}

@test "a secret file that this user may not read" {
	[ ${#UNPRIVILEGED[@]} -gt 0 ] || skip "needs root, to be somebody else"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	(umask 077 && echo "$GOOD" >secret)
	cp "$PGBOX" envcheck
	finds 78 "E API_TOKEN_FILE: names a file that this user may not read: change its owner or its mode
E 1 problem in 1 variable" API_TOKEN_FILE=secret "${UNPRIVILEGED[@]}" ./envcheck
}

# elsewhere COMMANDS [ARG0]: runs them in a shell, in a mount namespace whose /run and /var/lib are new and empty.
elsewhere() {
	unshare --mount --propagation private sh -c "mount -t tmpfs none /run && mount -t tmpfs none /var/lib && $1" "${2-sh}" 2>&1
}

@test "mode and line ends of files under /run/secrets are the runtime's affair" {
	elsewhere true || skip "needs mount namespaces"
	# shellcheck disable=SC2016 # for the inner shell
	run -0 elsewhere 'mkdir /run/secrets && printf "%s\n\n" "$0" >/run/secrets/x && chmod 644 /run/secrets/x &&
		env -i "PATH=$PATH" API_TOKEN_FILE=/run/secrets/x envcheck --require API_TOKEN' "$GOOD"
	[ "$output" = "envcheck: info: no problems in 1 variable" ]
	# A link that leads out of it.
	# shellcheck disable=SC2016 # for the inner shell
	run -0 elsewhere 'mkdir /run/secrets && echo "$0" >/run/x && chmod 644 /run/x && ln -s /run/x /run/secrets/x &&
		env -i "PATH=$PATH" API_TOKEN_FILE=/run/secrets/x envcheck --require API_TOKEN' "$GOOD"
	[ "$output" = "envcheck: info: no problems in 1 variable" ]
}

@test "a volume where an image of PostgreSQL 18 keeps no data" {
	elsewhere true || skip "needs mount namespaces"
	# shellcheck disable=SC2016 # for the inner shell
	run -78 elsewhere 'mkdir -p /var/lib/postgresql/data && mount -t tmpfs none /var/lib/postgresql/data &&
		env -i "PATH=$PATH" PG_MAJOR=18 PGDATA=/var/lib/postgresql/18/docker envcheck'
	[ "${lines[0]}" = "envcheck: error: PGDATA: is not on the volume that is mounted at /var/lib/postgresql/data: images of PostgreSQL 18 and newer keep their data in a folder per version; mount it at /var/lib/postgresql (data of an older version needs pg_upgrade, or a dump and a restore)" ]
	# shellcheck disable=SC2016 # for the inner shell
	run -0 elsewhere 'mkdir -p /var/lib/postgresql && mount -t tmpfs none /var/lib/postgresql &&
		env -i "PATH=$PATH" PG_MAJOR=18 PGDATA=/var/lib/postgresql/18/docker envcheck'
}

@test "a name one edit away from a known one" {
	finds 0 "W DATABSE_URL: is set, but DATABASE_URL is what is known: is it misspelt?
I 1 warning in 1 variable" "DATABSE_URL=postgres://app:$GOOD@db/x" envcheck
	printf 'SENTRY_DSN=x\n' >.env.example
	finds 78 "E SENTRY_DSN: is required, but not set: SENTRY_DNS is, which looks like a misspelling of it
E 1 problem in 1 variable" SENTRY_DNS=x envcheck --spec .env.example
}

# --- never a value ---

@test "no value shows in any finding, as text or as JSON, nor where it stands in the wrong place" {
	local c=Zq7Xkvw9Jhf type
	: >codes
	printf '%s\n' "$c" >"$c"
	chmod 644 "$c"
	# Each finding that has a value to tell.
	quiet_about "$c" B= 'D=  ' "A=\"$c\"" "C=$c " "E=\${X$c}\${X}" "F=$c"$'\r' "G=$c" "TOKEN=$c" "TOKEN_FILE=$c" "X_TOKEN_FILE=$c/x" \
		"Y_TOKEN_FILE=$c" "P_TOKEN=change-me-$c" "R_TOKEN=$c$c" "DATABASE_URL=postgres://$c:$c@localhost/$c" POSTGRES_USER=x \
		"S3_ACCESS_KEY=$c" "USERS_URL=redis://$c:$c/@$c%@$c" "PGHOTS=$c" "T=your-$c" "DATA_URL=postgres://$c:$c@$c:$c/" KUBERNETES_SERVICE_HOST=x \
		"APP_ENV=$c" envcheck --require A --require B --require C --require D --require E --require F --require G:int \
		--require TOKEN --require M --require T --allow-weak P_TOKEN
	# Values out of each of the types.
	for type in int float bool 'enum(a,b)' port host url 'url(https)' postgres-url redis-url email path file dir duration bytes \
		json base64 'base64(bytes=3)' hex uuid cron tz 'string(maxLength=3)' 'string(matches=^x$)' 'int(min=3)'; do
		quiet_about "$c" "V=$c" "W=http://$c:$c@$c:$c/$c" "X=9$c" envcheck --require "V:$type" --require "W:$type" --require "X:$type"
	done
	# A value as a name, a type, a group, a file, and pieces of one as names.
	quiet_about "$c" X=1 envcheck --require "A=$c"
	quiet_about "$c" X=1 envcheck --require "A:$c"
	quiet_about "$c" X=1 envcheck --require "A:string($c)"
	quiet_about "$c" X=1 envcheck --group "A=$c,B"
	quiet_about "$c" "$c/+=" "DATABASE_URL$c=" "PGHOST$c=x" "postgres://u:$c@h/d?token=x" "${c}_TOKEN=change_me" "${c}S3_SECRET_KEY=x" envcheck
	quiet_about "$c" "ENVCHECK_ALLOW_WEAK=$c" "ENVCHECK_ENV=$c" "ENVCHECK_REQUIRE=A:$c" API_TOKEN=change_me envcheck
	printf '# @type=%s\nA=%s\n' "$c" "$c" >spec
	quiet_about "$c" "A=$c" envcheck --spec spec
	printf 'A="%s\nB=%s' "$c" "$c" >spec
	quiet_about "$c" "A=$c" envcheck --spec spec
	run sort -u codes
	[ "$(tr -d '\n' <<<"$output")" = '"code":"blank""code":"disagree""code":"empty""code":"encoding""code":"file""code":"group""code":"localhost""code":"missing""code":"mode""code":"placeholder""code":"quotes""code":"space""code":"twice""code":"type""code":"unexpanded""code":"unknown""code":"weak"' ]
}

@test "the length of a value makes no difference" {
	local short long
	short=$(env -i "PATH=$PATH" P=x API_TOKEN=abcd N="'a'" envcheck --require P:int --require N 2>&1 || true)
	long=$(env -i "PATH=$PATH" P=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx API_TOKEN=abcdpqr N="'aaaaaaaaaaaaaaaaaa'" envcheck --require P:int --require N 2>&1 || true)
	[ "$short" = "$long" ]
	[[ $short == *"API_TOKEN: "* ]]
}

# --- how it is said ---

@test "JSON is one object on stdout, and the verdict stays on stderr" {
	run -78 --separate-stderr env -i "PATH=$PATH" NODE_ENV=production API_TOKEN=change_me envcheck --require 'A:enum(a"b)' --json
	[ "$stderr" = "envcheck: error: 2 problems in 3 variables, for production" ]
	[ "$output" = '{"status":"fail","production":true,"variables":3,"problems":[{"name":"A","level":"error","code":"missing","message":"is required, but not set"},{"name":"API_TOKEN","level":"error","code":"weak","message":"is a placeholder that was never replaced: set a real one (`openssl rand -hex 32` makes passwords and keys)"}]}' ]
	run -0 --separate-stderr env -i "PATH=$PATH" A=1 envcheck --require A --json
	[ "$output" = '{"status":"pass","production":false,"variables":1,"problems":[]}' ]
}

@test "quiet leaves the errors" {
	finds 78 "E A: is required, but not set
E 1 problem, 1 warning in 2 variables" API_TOKEN=change_me envcheck --require A -q
	finds 0 "" API_TOKEN=change_me envcheck -q
}

# --- the command ---

@test "the command runs in place of envcheck, and not where there are problems" {
	run -0 --separate-stderr env -i "PATH=$PATH" A=1 envcheck --require A -- sh -c 'echo "$$ $A"; cat' <<<input
	[[ ${lines[0]} == [0-9]*" 1" ]]
	[ "${lines[1]}" = input ]
	finds 7 "I no problems in 1 variable" A=1 envcheck --require A -- sh -c 'exit 7'
	finds 78 "E A: is required, but not set
E 1 problem in 1 variable" envcheck --require A -- sh -c 'echo ran'
	holds 127 "cannot run" A=1 envcheck --require A -- ./nowhere
	run -0 env -i "PATH=$PATH" A=1 envcheck -q --require A -- sh -c 'echo $PPID'
	[ "$output" = "$$" ] || [ "$output" -gt 0 ]
}

@test "export gives the command NAME for NAME_FILE, of the names that are known" {
	printf '%s\n' "$GOOD" >key
	printf '[\n1]\n\n' >lines
	chmod 600 key lines
	run -0 env -i "PATH=$PATH" A_TOKEN_FILE=key POSTGRES_PASSWORD_FILE=key TEXT_FILE=lines B_TOKEN_FILE=key C_TOKEN= \
		C_TOKEN_FILE=key envcheck -q --export --require A_TOKEN --require C_TOKEN --require TEXT:json -- env
	[[ $output == *"A_TOKEN=$GOOD"* ]]
	[[ $output == *"POSTGRES_PASSWORD=$GOOD"* ]]
	[[ $output == *"C_TOKEN=$GOOD"* ]]
	[[ $output == *"TEXT=["$'\n'"1]"* ]]
	[[ $output != *A_TOKEN_FILE* && $output != *POSTGRES_PASSWORD_FILE* && $output != *C_TOKEN_FILE* ]]
	[[ $output == *B_TOKEN_FILE=key* && $output != *B_TOKEN=* ]]
	holds 64 "--export needs a command" A=1 envcheck --export
}

@test "export leaves a NAME_FILE that is itself what the spec asks for" {
	printf '%s\n' "$GOOD" >key
	chmod 600 key
	printf 'DB_PASSWORD_FILE=/run/secrets/db\nPOSTGRES_PASSWORD_FILE=/run/secrets/db\nA_TOKEN=\nA_TOKEN_FILE=\n' >spec
	run -0 env -i "PATH=$PATH" AWS_WEB_IDENTITY_TOKEN_FILE=key DB_PASSWORD_FILE=key POSTGRES_PASSWORD_FILE=key \
		A_TOKEN_FILE=key envcheck -q --export --spec spec --require AWS_WEB_IDENTITY_TOKEN_FILE -- env
	[[ $output == *AWS_WEB_IDENTITY_TOKEN_FILE=key* && $output == *DB_PASSWORD_FILE=key* ]]
	[[ $output == *POSTGRES_PASSWORD_FILE=key* ]]
	[[ $output == *"A_TOKEN=$GOOD"* && $output != *A_TOKEN_FILE* && $output != *PASSWORD=* && $output != *IDENTITY_TOKEN=* ]]
}

@test "what was exported is read by the next applet" {
	echo "sqlite:///$PWD/app.db" >url
	: >app.db
	run -0 env -i "PATH=$PATH" DATABASE_URL_FILE=url envcheck -q --export -- waitdb --timeout 5s
	run -0 env -i "PATH=$PATH" DATABASE_URL_FILE=url DATABASE_URL= envcheck -q --export -- waitdb --timeout 5s
}

@test "a damaged zone file is a wrong value, and does not end the process" {
	# A header that promises more than follows.
	printf 'TZif2%015d%024d' 0 0 | tr 0 '\107' >damaged
	printf '# @type=tz\nZONE=\n' >spec
	holds 78 'ZONE' ZONE="$PWD/damaged" envcheck --spec spec
	run timeout 10 env TZ="$PWD/damaged" pgbackup prune --dry-run --dir .
	[ "$status" -eq 66 ]
	[[ $output == *"the time zone: there is no time zone"* ]]
}
