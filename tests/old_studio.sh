#!/bin/sh
# Label Studio 1.13.1 in an environment of its own, in the user's cache, by hash: half a gigabyte, made once.
# $PYTHON is the one to make it with (3.11 or 3.12), $UV installs.
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
env=${XDG_CACHE_HOME:-$HOME/.cache}/goldwire/old-label-studio-1.13.1
[ -x "$env/bin/label-studio" ] && exit 0
rm -rf "$env"
"${PYTHON:-python3}" -m venv "$env"
"${UV:-uv}" pip install --quiet --python "$env/bin/python" --require-hashes --requirements "$here/old-studio.txt"
