#!/bin/sh
# A Chromium for the browser tests: Debian's without windows (as root), else the system's, else playwright's own.
set -u
command -v chromium-headless-shell >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  # Without a network the system's must do, soon.
  { apt-get update -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium-headless-shell fonts-dejavu-core; } >/dev/null 2>&1 && exit 0
fi
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
.venv/bin/playwright install chromium >/dev/null 2>&1 && exit 0
echo "no Chromium could be had: browser tests will be skipped (a failure where CI=true)" >&2
exit 0
