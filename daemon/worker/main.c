/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-worker: started by fwslotd for one request, in its own process, so that bytes
 * nobody has authenticated yet never meet the daemon. Speaks base/worker-protocol.h on
 * descriptor 3. Exit status 0: a result was sent (whatever it says).
 */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/packet.h"
#include "base/worker-protocol.h"
#include "worker/operation.h"
#include "worker/reply.h"
#include "worker/sandbox.h"

static const struct {
	const char *word;
	operation_t run;
} operations[] = {
	{ WORKER_OPEN_BUNDLE, operation_open_bundle },
	{ WORKER_DOWNLOAD, operation_download },
	{ WORKER_REFRESH, operation_refresh },
	{ WORKER_WRITE_SLOT, operation_write_slot },
	{ WORKER_BACK_UP, operation_back_up },
	{ WORKER_UNPACK_BACKUP, operation_unpack_backup },
	{ WORKER_EXPORT_BACKUP, operation_export_backup },
};

static int run(const struct packet *request, const int *fds, struct packet **ret,
	       struct failure *failure)
{
	const char *word = packet_get(request, WORKER_KEY_OPERATION);

	for (size_t i = 0; word && i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i].word, word) == 0)
			return operations[i].run(request, fds, WORKER_SOCKET_FD, ret, failure);
	return fail(failure, REASON_INVALID_ARGUMENT, "The worker knows no operation \"%.64s\".",
		    word ? word : "");
}

/* Sends the result; returns the exit status. */
static int reply(int result, const struct packet *packet, const struct failure *failure)
{
	int r = result < 0 ? result_send_failure(WORKER_SOCKET_FD, failure) :
			     packet_send(WORKER_SOCKET_FD, packet, NULL, 0);

	if (r < 0) {
		log_error("Cannot send the result to fwslotd: %s.", strerror(-r));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(void)
{
	_cleanup_packet_ struct packet *request = NULL, *result = NULL;
	_cleanup_failure_ struct failure failure = { 0 };
	int fds[PACKET_FDS_MAX], r, status;

	r = sandbox_begin(&failure);
	if (r < 0) {
		log_error("%s", failure_message(&failure));
		return EXIT_FAILURE;
	}
	r = packet_receive(WORKER_SOCKET_FD, &request, fds);
	if (r < 0) {
		log_error(
			"fwslot-worker is started by fwslotd, with a socket as descriptor %d: %s.",
			WORKER_SOCKET_FD, strerror(-r));
		close_fds(fds, PACKET_FDS_MAX);
		return EXIT_FAILURE;
	}
	r = run(request, fds, &result, &failure);
	status = reply(r, result, &failure);
	close_fds(fds, PACKET_FDS_MAX);
	return status;
}
