# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ports.sh: sourced by suites that start servers on 127.0.0.1.

# free_port: sets $port to one that nobody listens on.  They are below those that the
# kernel gives to clients, and none is given twice.
port=$((10000 + RANDOM % 10000))
free_port() {
	while :; do
		port=$((port + 1))
		answers "$port" || return 0
	done
}

answers() { # PORT
	(: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
