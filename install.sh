#!/bin/sh
# goldwire from this checkout, into a Python environment: every package by the hash that requirements.txt has of it.
# sh install.sh [EXTRA …]; the environment is $PYTHON's, else that of .venv, else the active one.
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
if [ -z "${PYTHON:-}" ]; then
  PYTHON=$here/.venv/bin/python
  [ -x "$PYTHON" ] || PYTHON=${VIRTUAL_ENV:?make one first: python3 -m venv .venv}/bin/python
fi
# -I: nothing in the working folder is taken for a module.
PYTHON=$("$PYTHON" -I -c 'import sys; print(sys.executable)')
extras=
for name in "$@"; do extras="$extras --extra $name"; done
pinned=$here/requirements.txt
# The working folder may be a stranger's: its uv.toml could name other indexes and packages.
export UV_NO_CONFIG=1

# uv checks hashes as pip does, takes only what is asked for from one file, and needs a fraction of the time.
sed -n '/^uv==/,/[^\\]$/p' "$pinned" |
  "$PYTHON" -I -m pip install --quiet --disable-pip-version-check --require-hashes --requirement /dev/stdin
# shellcheck disable=SC2086  # names of extras hold no blanks
"$PYTHON" -I -m uv pip install --quiet --python "$PYTHON" --require-hashes --constraint "$pinned" \
  --build-constraint "$pinned" --requirements "$here/pyproject.toml" $extras
# What builds it is pinned too; its own folder has no hash.
"$PYTHON" -I -m uv pip install --quiet --python "$PYTHON" --no-deps --build-constraint "$pinned" --editable "$here"
