#!/bin/sh
# Builds the image by docker/Dockerfile as a user would, but with build.sh's cache in it, so that what takes minutes, the
# download and the libraries, is not done twice. PGBOX_CONTEXT: another folder to build from than this tree.
# usage: tests/docker/engine.sh tests/docker/pgbox.sh TAG [x86_64|aarch64] [DOCKER-BUILD-ARGUMENT...]
set -eu

tag=$1 target=${2:-$(uname -m)}
shift $(($# > 2 ? 2 : $#))
cd "$(dirname "$0")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pgbox
prefix=$(./build.sh --target "$target" --prefix)
context=${PGBOX_CONTEXT:-.}
case $target in
x86_64) platform=linux/amd64 ;;
aarch64) platform=linux/arm64 ;;
esac

# The cache as an image, named by what it holds; it takes the place of the one before it.
image=pgbox-cache-$target:${prefix##*-}
if ! docker image inspect "$image" >/dev/null 2>&1; then
    docker image ls -q "pgbox-cache-$target" | xargs -r docker image rm -f >/dev/null
    tar -C "$cache" -c --transform 's,^,cache/,' sources "${prefix##*/}" | docker import - "$image" >/dev/null
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
docker build --platform "$platform" --build-arg "CACHE=$image" -t "$tag" -f "$context/docker/Dockerfile" \
    "$@" "$context" >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    exit 1
}
