#!/bin/sh
# The command with the settings of the service and as its user, whoever of root and the user calls it: install as
# /usr/local/bin/kommunlager. Called without it, the command knows nothing of /etc/kommunlager.env, and what root writes
# the service could not write again.
if [ "$(id -un)" != kommunlager ]; then
    exec runuser -u kommunlager -- "$0" "$@"
fi
[ -r . ] && [ -x . ] || cd / # Dagster does not start in a folder that it may not look into, such as /root
set -a
. /etc/kommunlager.env
exec /opt/kommunlager/.venv/bin/kommunlager "$@"
