# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# client.sh: sourced by suites that talk to fwslotd over the system bus (which may be a private one,
# see DBUS_SYSTEM_BUS_ADDRESS).  Calls only; checks are tap.sh's.

has_owner() { # NAME
	[[ $(busctl --system call org.freedesktop.DBus / org.freedesktop.DBus NameHasOwner s "$1") == 'b true' ]]
}

# call METHOD SIGNATURE [ARGUMENT...]: of the manager; the reply as JSON.
call() {
	busctl --system --json=short call org.fwslot1 /org/fwslot1 org.fwslot1.Manager "$@"
}

# property PATH INTERFACE NAME: the bare value, or as JSON what is no plain value.  (Taken apart
# here: each program more costs an emulated machine a good part of a second.)
property() {
	local reply
	reply=$(busctl --system --json=short get-property org.fwslot1 "$1" "org.fwslot1.$2" "$3") || return
	reply=${reply#*'"data":'}
	reply=${reply%'}'}
	if [[ $reply == '"'*'"' ]]; then
		reply=${reply:1:-1}
		reply=${reply//'\"'/'"'}
		reply=${reply//'\\'/'\'}
	fi
	printf '%s\n' "$reply"
}

# error_of COMMAND...: the name of the D-Bus error the command fails with.  busctl prints only the
# sentence, so it is gdbus that is asked.
error_of() {
	"$@" 2>&1 >/dev/null | sed -n 's/^Error: GDBus.Error:\([A-Za-z0-9.]*\): .*/\1/p'
}

# gcall METHOD [ARGUMENT...]: of the manager, through gdbus.
gcall() {
	gdbus call --system --timeout 120 --dest org.fwslot1 --object-path /org/fwslot1 --method "org.fwslot1.Manager.$1" \
		-- "${@:2}"
}
