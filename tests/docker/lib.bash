# What the tests in real containers share. tests/docker/run.sh runs them.
#
# A file calls docker_begin in setup_file and docker_end in teardown_file. In between, everything it makes bears the
# file's name, PROJECT, and goes with it; what a builder may use again stays.

# shellcheck source=tests/lib/base.bash
. "${BASH_SOURCE[0]%/*}/../lib/base.bash"

# docker_begin [FOLDER]: FOLDER is that of a Compose stack, the test file's own by default.
docker_begin() {
	local name=${BATS_TEST_FILENAME%.bats}
	[ -n "${PGBOX_IMAGE-}" ] || { echo "run this by tests/docker/run.sh $BATS_TEST_FILENAME"; return 1; }
	name=${name#"$ROOT"/} name=${name//[^a-zA-Z0-9]/-}
	PROJECT=pgbox-${name,,}-$$
	STACK=${1:-${BATS_TEST_FILENAME%/*}}
	export PROJECT STACK PGBOX_IMAGE ROOT
}

docker_end() {
	local networks volumes
	[ -n "${PROJECT-}" ] || return 0
	[ ! -e "$STACK/compose.yaml" ] || compose down --volumes --remove-orphans --rmi local --timeout 0
	docker ps -aq --filter "name=^$PROJECT-" | xargs -r docker rm -fv
	mapfile -t networks < <(docker network ls -q --filter "name=^${PROJECT}([-_].*)?\$")
	[ ${#networks[@]} = 0 ] || docker network rm "${networks[@]}"
	mapfile -t volumes < <(docker volume ls -q --filter "name=^${PROJECT}[-_]")
	[ ${#volumes[@]} = 0 ] || docker volume rm "${volumes[@]}"
	docker image ls -q --filter "reference=$PROJECT-*" | xargs -r docker image rm -f --no-prune
} >/dev/null 2>&1

# compose ARGUMENT...: on the file's stack. Nothing is pulled: run.sh has seen to the images.
compose() {
	docker compose --ansi never --progress quiet --project-name "$PROJECT" --project-directory "$STACK" "$@"
}

# backup_volume: makes the volume that the stack's README has people make for the backups, which its Compose file has as an
# external one; under a name of this run's own, BACKUP_VOLUME.
backup_volume() {
	local name
	name=$(sed -n 's/^    docker volume create \([a-z-]*\).*/\1/p' "$STACK/README.md" | head -n 1)
	grep -q "backups: {external: true, name: \"\${BACKUP_VOLUME:-${name:?is not in the README}}\"}" "$STACK"/compose*.yaml
	export BACKUP_VOLUME=$PROJECT-backups
	docker volume create "$BACKUP_VOLUME" >/dev/null
}

# written COMMAND [FILE]: runs a `docker compose` command that stands in that page, the stack's README by default.
written() {
	grep -qF "docker compose $1" "${2:-$STACK/README.md}" || { echo "not in the page: docker compose $1"; return 1; }
	eval "compose $1"
}

# started NAME: since when its container runs.
started() {
	docker inspect -f '{{.State.StartedAt}}' "$(id_of "$1")"
}

# container NAME DOCKER-RUN-ARGUMENT...: one in the background, on the file's network, where the others know it by NAME.
container() {
	local name=$1
	shift
	network
	docker run -d --pull never --name "$PROJECT-$name" --network "$PROJECT" --network-alias "$name" "$@" >/dev/null
}

# box DOCKER-RUN-ARGUMENT...: one in the foreground, gone when it ends; its status is the container's.
box() {
	network
	timeout 120 docker run --rm --pull never --network "$PROJECT" "$@" 3>&-
}

network() {
	docker network inspect "$PROJECT" >/dev/null 2>&1 || docker network create "$PROJECT" >/dev/null
}

# The id of a service's container, or of one that container() made.
id_of() {
	docker ps -aq --no-trunc --filter "name=^$PROJECT-$1(-1)?\$"
}

# state NAME: created, running, restarting, exited ...; exit_code NAME; health NAME: starting, healthy or unhealthy.
state() {
	docker inspect -f '{{.State.Status}}' "$(id_of "$1")"
}

exit_code() {
	docker inspect -f '{{.State.ExitCode}}' "$(id_of "$1")"
}

health() {
	docker inspect -f '{{.State.Health.Status}}' "$(id_of "$1")"
}

# is STATE NAME, for wait_until: its state or health is that.
is() {
	[ "$(state "$2")" = "$1" ] || [ "$(health "$2" 2>/dev/null)" = "$1" ]
}

# log NAME: all that it has said. logged NAME WORDS, for wait_until: it has said them.
log() {
	docker logs "$(id_of "$1")" 2>&1
}

logged() {
	log "$1" | grep -qF -- "$2"
}

# sql NAME DATABASE SQL...: as superuser, on the server's own socket; unaligned rows.
sql() {
	local name=$1 db=$2
	shift 2
	docker exec "$(id_of "$name")" psql -X -q -A -t -v ON_ERROR_STOP=1 -U postgres -d "$db" "${@/#/-c}"
}

# stops NAME: docker stop ends it within 2 s. Prints its exit code.
stops() {
	local began
	began=$(date +%s%N)
	docker stop -t 10 "$(id_of "$1")" >/dev/null
	began=$((($(date +%s%N) - began) / 1000000))
	[ "$began" -lt 2000 ] || { echo "it took $began ms to stop"; return 1; }
	exit_code "$1"
}

# bare_make FILE: builds tests/docker/bare.c.
bare_make() {
	"$("$ROOT/build.sh" --prefix)/bin/musl-gcc" -std=c11 -O1 -Wall -Wextra -Werror -o "$1" "$ROOT/tests/docker/bare.c"
}
