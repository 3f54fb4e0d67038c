/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OP=download: the release of a server for one device, authenticated like a file somebody brings. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/worker-protocol.h"
#include "remote/stage.h"
#include "trust/limits.h"
#include "trust/offer.h"
#include "worker/describe.h"
#include "worker/online.h"
#include "worker/operation.h"
#include "worker/rebuild.h"
#include "worker/reply.h"

static void report_bytes(const struct fetch_progress *fetched, void *userdata)
{
	if (fetched->is_length_known)
		progress_report(userdata, fetched->bytes, fetched->length_bytes);
}

/* What was offered when somebody said yes, and nothing else. */
static int check_wanted(const struct bundle_request *request, const struct target *image,
			struct failure *failure)
{
	uint8_t wanted[SHA256_BYTES];

	if (!request->sha256)
		return 0;
	if (hex_decode(request->sha256, wanted, sizeof(wanted)) < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The request's SHA256 must be 64 hexadecimal digits.");
	if (image->digests.is_listed[HASH_SHA256] &&
	    digests_match(&image->digests, HASH_SHA256, wanted))
		return 0;
	return fail(
		failure, REASON_REPLACED,
		"%s is another file now than the one that was asked for. Look at the update again.",
		image->path);
}

/* A file that a power loss has spoilt half way is begun anew, once. */
static int fetch_image(struct online *online, const struct target *image, struct fetched_file *ret,
		       struct failure *failure)
{
	_cleanup_failure_ struct failure why = { 0 };
	char name[SHA256_TEXT_SIZE];
	int r;

	if (image->digests.is_listed[HASH_SHA256])
		server_resume_as(online->server,
				 hex_encode(image->digests.value[HASH_SHA256], SHA256_BYTES, name));
	r = trust_client_fetch_target(online->client, image, ret, &why);
	if (r < 0 && why.reason == REASON_WRONG_DIGEST && server_has_resumed(online->server)) {
		failure_clear(&why);
		server_forget_part(online->server);
		r = trust_client_fetch_target(online->client, image, ret, &why);
	}
	if (r < 0 && (why.reason == REASON_WRONG_DIGEST || why.reason == REASON_TOO_LARGE))
		server_forget_part(online->server);
	if (r < 0 && failure)
		failure_move(failure, &why);
	return r;
}

/* By a delta if that is possible; whatever goes wrong with it only costs time. */
static int get_image(struct online *online, const struct bundle_request *request,
		     const struct rebuild *rebuild, const struct target *image,
		     struct fetched_file *ret, struct failure *failure)
{
	_cleanup_failure_ struct failure why = { 0 };

	if (!rebuild)
		return fetch_image(online, image, ret, failure);
	if (rebuild_image(online, request, rebuild, ret, &why) >= 0) {
		log_info("%s was put together of what is here and %s.", image->path,
			 rebuild->target.path);
		return 0;
	}
	log_warning("The delta %s is of no use, all of %s is fetched: %s", rebuild->target.path,
		    image->path, failure_message(&why));
	return fetch_image(online, image, ret, failure);
}

static int download(struct online *online, const struct bundle_request *request, int slot_fd,
		    struct packet *result, struct failure *failure)
{
	_cleanup_offer_ struct offer offer = { 0 };
	struct fetched_file image = { .fd = -EBADF };
	struct rebuild rebuild;
	bool has_delta;
	int r = online_refresh(online, request->now, failure);

	if (r >= 0)
		r = offer_find(online->client, &request->device, &offer, failure);
	if (r >= 0)
		r = check_wanted(request, &offer.image, failure);
	if (r < 0)
		return r;
	if (offer.image.length > request->max_bytes)
		return fail(failure, REASON_TOO_LARGE,
			    "The image %s has %llu bytes, allowed are %llu.", offer.image.path,
			    (unsigned long long)offer.image.length,
			    (unsigned long long)request->max_bytes);
	has_delta = rebuild_plan(online, request, &offer, slot_fd, &rebuild);
	/* An image may take hours; who only refreshes need not wait for it. */
	trust_store_unlock(online->store);
	r = get_image(online, request, has_delta ? &rebuild : NULL, &offer.image, &image, failure);
	if (r >= 0)
		r = stage_publish(&io_default, online->stage_fd, &image, failure);
	if (r >= 0) {
		server_forget_part(online->server);
		describe_offer(result, &offer, online->remote->name);
		describe_image(result, &image);
	}
	close_fd(image.fd);
	return r;
}

int operation_download(const struct packet *packet, const int *fds, int socket, struct packet **ret,
		       struct failure *failure)
{
	_cleanup_bundle_request_ struct bundle_request request = { 0 };
	_cleanup_(online_clear) struct online online = ONLINE_NONE;
	_cleanup_packet_ struct packet *result = result_new();
	struct progress progress = { .socket = socket, .percent = -1 };
	uint64_t file_bytes_max;
	int r;

	if (!result)
		return fail_memory(failure);
	r = download_request_parse(packet, &request, failure);
	if (r < 0)
		return r;
	file_bytes_max = request.max_bytes > TUF_TARGETS_BYTES_MAX ? request.max_bytes :
								     TUF_TARGETS_BYTES_MAX;
	r = online_open(&request, file_bytes_max, report_bytes, &progress, &online, failure);
	if (r >= 0)
		r = download(&online, &request, fds[0], result, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(result);
	return 0;
}
