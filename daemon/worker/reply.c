/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker's replies. */
#include "worker/reply.h"

#include <errno.h>

#include "base/worker-protocol.h"

#define PROGRESS_BYTES 64
#define RESULT_BYTES (16 * 1024)
#define MESSAGE_CHARACTERS_MAX 8192

void progress_report(struct progress *progress, uint64_t done, uint64_t total)
{
	int percent = total == 0 ? 100 : (int)(done * 100 / total);
	_cleanup_packet_ struct packet *packet = NULL;

	if (percent == progress->percent)
		return;
	progress->percent = percent;
	packet = packet_new(PROGRESS_BYTES);
	if (!packet)
		return;
	packet_add(packet, WORKER_KEY_TYPE, WORKER_TYPE_PROGRESS);
	packet_add_u64(packet, WORKER_KEY_PERCENT, (uint64_t)percent);
	/* Lost progress is no reason to stop; a lost result is. */
	if (packet_send(progress->socket, packet, NULL, 0) < 0)
		return;
}

struct packet *result_new(void)
{
	struct packet *packet = packet_new(RESULT_BYTES);

	if (!packet)
		return NULL;
	packet_add(packet, WORKER_KEY_TYPE, WORKER_TYPE_RESULT);
	packet_add(packet, WORKER_KEY_REASON, reason_word(REASON_OK));
	return packet;
}

int result_send_failure(int socket, const struct failure *failure)
{
	_cleanup_packet_ struct packet *packet = packet_new(RESULT_BYTES);

	if (!packet)
		return -ENOMEM;
	packet_add(packet, WORKER_KEY_TYPE, WORKER_TYPE_RESULT);
	packet_add(packet, WORKER_KEY_REASON, reason_word(failure->reason));
	packet_add_format(packet, WORKER_KEY_MESSAGE, "%.*s", MESSAGE_CHARACTERS_MAX,
			  failure_message(failure));
	if (failure->retry_after_sec > 0)
		packet_add_u64(packet, WORKER_KEY_RETRY_AFTER_SEC, failure->retry_after_sec);
	return packet_send(socket, packet, NULL, 0);
}
