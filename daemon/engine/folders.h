/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where things are. Tests move the folders by environment variables (secure_getenv(3)): FWSLOT_STATE_DIR,
 * FWSLOT_CONFIG_DIR, FWSLOT_VENDOR_DIR, FWSLOT_RUNTIME_DIR, FWSLOT_WORKER,
 * FWSLOT_FETCH_SOCKET.
 */
#pragma once

struct folders {
	const char *state; /* /var/lib/fwslot */
	const char *config; /* /etc/fwslot */
	const char *vendor; /* PREFIX/lib/fwslot */
	const char *runtime; /* /run/fwslot: only drop-ins of the configuration */
	const char *worker; /* the program PREFIX/libexec/fwslot-worker */
	const char *fetch_socket; /* /run/fwslot/fetch.sock, where fwslot-fetch listens */
};

void folders_find(struct folders *ret);
