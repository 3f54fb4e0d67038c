/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-fetch: gets files from web servers for fwslotd, which has no network. One
 * process for one connection to fwslot-fetch.socket. Knows nothing of firmware, of
 * devices, or of the keys that authenticate what it brings.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>

#include "base/fetch-protocol.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/reason.h"
#include "fetch/peer.h"
#include "fetch/session.h"

int main(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	int r = peer_check(FETCH_SOCKET_FD, &failure);

	signal(SIGPIPE, SIG_IGN); /* a server that hangs up is an error code, not our end */
	if (r >= 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		r = fail_memory(&failure);
	if (r >= 0)
		r = session_run(FETCH_SOCKET_FD, &failure);
	if (r < 0)
		log_error("%s", failure_message(&failure));
	curl_global_cleanup();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
