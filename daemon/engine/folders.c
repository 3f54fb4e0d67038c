/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The default places and the variables that move them. */
#include "engine/folders.h"

#include <stdlib.h>

#include "base/fetch-protocol.h"

#ifndef FWSLOT_PREFIX
#define FWSLOT_PREFIX "/usr"
#endif

static const char *place(const char *variable, const char *otherwise)
{
	const char *value = secure_getenv(variable);

	return value && value[0] ? value : otherwise;
}

void folders_find(struct folders *ret)
{
	*ret = (struct folders){
		.state = place("FWSLOT_STATE_DIR", "/var/lib/fwslot"),
		.config = place("FWSLOT_CONFIG_DIR", "/etc/fwslot"),
		.vendor = place("FWSLOT_VENDOR_DIR", FWSLOT_PREFIX "/lib/fwslot"),
		.runtime = place("FWSLOT_RUNTIME_DIR", "/run/fwslot"),
		.worker = place("FWSLOT_WORKER", FWSLOT_PREFIX "/libexec/fwslot-worker"),
		.fetch_socket = place("FWSLOT_FETCH_SOCKET", FETCH_SOCKET_PATH),
	};
}
