#!/bin/sh
# A PostgreSQL for the database tests: the system's, else Debian's package (as root). The tests start their own.
set -u
command -v initdb >/dev/null 2>&1 && exit 0
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; }
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  # Debian would make and start a server of its own too, unless told before.
  { apt-get update -qq && install postgresql-common &&
    sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf &&
    install postgresql; } >/dev/null 2>&1 && exit 0
fi
echo "no PostgreSQL could be had: its tests will be skipped (a failure where CI=true)" >&2
exit 0
