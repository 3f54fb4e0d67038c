# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# recovery.sh: how long it takes from "kill -9" of fwslotd, with a device and a job under way, to a right picture of both
# on the bus; beside the floor program's first reply after the same. Prints "who what number".
set -eu
. tests/bus/bus.sh
. tests/bundles.sh

# The job stays where it is: it is verified for ever.
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/worker"
chmod 0755 "$work/worker"
export FWSLOT_WORKER=$work/worker
make_vendor acme
trust_vendor acme "$work/etc"
add_release acme 1.1.0 11
bundle acme "$work/state/import/1.1.0.fwb"
add_device 0
start_bus
start_polkit
start_daemon
gcall InstallImported sim0 1.1.0.fwb 0 >/dev/null 2>&1 &
caller=$!
within 60 eval '[ "$(property /org/fwslot1/job/_1 Job Phase 2>/dev/null)" = verifying ]'
kill -KILL "$daemon_pid"
wait "$caller" "$daemon_pid" 2>/dev/null || :
within 60 eval '! has_owner org.fwslot1'
"$build/tests/bench/bus-figures" --recovery "${KILLS:-21}" "$build/tests/bench/floor-service" "$build/fwslotd" \
	2>"$work/bus.log" || { tail -n 20 "$work/bus.log" >&2 && exit 1; }
