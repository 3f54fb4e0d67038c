/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OP=refresh: fresh metadata of one update source, then what it offers for each device that is asked about. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/worker-protocol.h"
#include "trust/limits.h"
#include "trust/offer.h"
#include "trust/rollout.h"
#include "worker/describe.h"
#include "worker/online.h"
#include "worker/operation.h"
#include "worker/reply.h"

#define ANSWER_BYTES 16384

static int add_rollout(struct packet *packet, const struct bundle_request *request,
		       const struct bundle_request *question, const struct offer *offer,
		       struct failure *failure)
{
	unsigned int bucket = 0;

	if (request->has_machine_id &&
	    rollout_bucket(request->machine_id, offer->index->hardware_id, question->serial,
			   offer->image.path, &bucket) < 0)
		return fail_memory(failure);
	packet_add_u64(packet, WORKER_KEY_IN_ROLLOUT,
		       rollout_includes(offer->selection.release, bucket, request->now));
	return 0;
}

static int find(struct online *online, const struct bundle_request *request,
		const struct packet *packet, struct packet *answer, struct failure *failure)
{
	_cleanup_bundle_request_ struct bundle_request question = { 0 };
	_cleanup_offer_ struct offer offer = { 0 };
	int r = question_parse(packet, &question, failure);

	if (r >= 0)
		r = offer_find(online->client, &question.device, &offer, failure);
	if (r >= 0)
		r = add_rollout(answer, request, &question, &offer, failure);
	/* The whole of that day is in it. */
	if (offer.support_ends > 0)
		packet_add_u64(answer, WORKER_KEY_SUPPORT_ENDS_USEC,
			       offer.support_ends + USEC_PER_DAY);
	if (r < 0)
		return r;
	describe_offer(answer, &offer, online->remote->name);
	describe_target(answer, &offer.image);
	describe_notes(answer, offer.selection.release);
	return 0;
}

static int answer(struct online *online, const struct bundle_request *request,
		  const struct packet *packet, int socket, struct failure *failure)
{
	_cleanup_packet_ struct packet *offered = packet_new(ANSWER_BYTES);
	_cleanup_failure_ struct failure why = { 0 };
	int r;

	if (!offered)
		return fail_memory(failure);
	packet_add(offered, WORKER_KEY_TYPE, WORKER_TYPE_OFFER);
	r = find(online, request, packet, offered, &why);
	packet_add(offered, WORKER_KEY_REASON, reason_word(r < 0 ? why.reason : REASON_OK));
	if (r < 0)
		packet_add(offered, WORKER_KEY_MESSAGE, failure_message(&why));
	r = packet_send(socket, offered, NULL, 0);
	return r < 0 ? fail_errno(failure, r, "Cannot answer fwslotd") : 0;
}

static int answer_questions(struct online *online, const struct bundle_request *request, int socket,
			    struct failure *failure)
{
	for (;;) {
		_cleanup_packet_ struct packet *question = NULL;
		int fds[PACKET_FDS_MAX];
		int r = packet_receive(socket, &question, fds);

		close_fds(fds, PACKET_FDS_MAX);
		if (r == -EPIPE)
			return 0;
		if (r < 0)
			return fail_errno(failure, r, "Cannot read a question of fwslotd");
		r = answer(online, request, question, socket, failure);
		if (r < 0)
			return r;
	}
}

int operation_refresh(const struct packet *packet, const int *fds, int socket, struct packet **ret,
		      struct failure *failure)
{
	_cleanup_bundle_request_ struct bundle_request request = { 0 };
	_cleanup_(online_clear) struct online online = ONLINE_NONE;
	int r;

	(void)fds;
	r = refresh_request_parse(packet, &request, failure);
	if (r >= 0)
		r = online_open(&request, TUF_TARGETS_BYTES_MAX, NULL, NULL, &online, failure);
	if (r >= 0)
		r = online_refresh(&online, request.now, failure);
	if (r >= 0)
		r = answer_questions(&online, &request, socket, failure);
	if (r < 0)
		return r;
	*ret = result_new();
	return *ret ? 0 : fail_memory(failure);
}
