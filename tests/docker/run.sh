#!/bin/sh
# Runs bats with all that the tests in real containers need: an engine, the public images or stand-ins for them, and the
# image of pgbox, built anew.
# usage: tests/docker/run.sh BATS-ARGUMENT...
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${PGBOX_ENGINE-}" ]; then
    exec "$here/engine.sh" "$0" "$@"
fi
# A tag of its own for each work tree: several may use one engine.
PGBOX_IMAGE=pgbox-test:$(echo "$here" | sha256sum | cut -c 1-8)
export PGBOX_IMAGE
# Nothing is left behind in somebody's engine; in one of the tests' own, for a day, what makes the next run quick.
case $PGBOX_ENGINE in
own) docker image prune -f --filter until=24h >/dev/null ;;
*) trap '"$here/images.sh" --remove; docker image rm "$PGBOX_IMAGE" >/dev/null' EXIT ;;
esac
"$here/images.sh"
"$here/pgbox.sh" "$PGBOX_IMAGE"
bats --print-output-on-failure --timing "$@"
