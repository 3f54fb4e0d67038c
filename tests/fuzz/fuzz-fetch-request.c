/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What fwslot-fetch reads from its client and from a web server, as far as we parse it
 * ourselves: the bytes are a packet, read as each of both operations, and then for the
 * headers of an answer to a request that resumes.
 *
 * covers: daemon/fetch/request.c daemon/fetch/response.c daemon/fetch/identity.c
 * covers: daemon/fetch/validator.c daemon/fetch/fields.c
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fetch-protocol.h"
#include "base/packet.h"
#include "fetch/identity.h"
#include "fetch/request.h"
#include "fetch/response.h"
#include "fetch/validator.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Under the keys H_..., which no operation knows, the packet has an answer's headers. */
static void judge(const struct packet *packet, const struct request *request)
{
	struct response response = {
		.entity_tag = packet_get(packet, "H_ETAG"),
		.last_modified = packet_get(packet, "H_MODIFIED"),
		.date = packet_get(packet, "H_DATE"),
		.content_range = packet_get(packet, "H_RANGE"),
		.content_length = RESPONSE_LENGTH_ANY,
	};
	_cleanup_failure_ struct failure failure = { 0 };
	struct acceptance acceptance;
	uint64_t status = 206;

	(void)!packet_get_u64(packet, "H_STATUS", 0, 999, &status);
	(void)!packet_get_u64(packet, "H_LENGTH", 0, INT64_MAX, &response.content_length);
	response.status = (long)status;
	if (response_judge(request, request->resume_from, &response, &acceptance, &failure) !=
	    VERDICT_ACCEPT)
		return;
	/* What all the code after it relies on. */
	if (acceptance.resume_from != 0 && acceptance.resume_from != request->resume_from)
		__builtin_trap();
	if (acceptance.length != RESPONSE_LENGTH_ANY &&
	    (acceptance.length > request->max_bytes || acceptance.length < acceptance.resume_from))
		__builtin_trap();
	if (acceptance.validator[0] && !validator_is_sound(acceptance.validator))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const int no_fds[PACKET_FDS_MAX] = { -EBADF, -EBADF, -EBADF, -EBADF };
	const struct request resumed = { .url = "http://a/",
					 .max_bytes = 1000,
					 .exact_bytes = REQUEST_ANY,
					 .resume_from = 10,
					 .validator = "\"t\"" };
	_cleanup_packet_ struct packet *packet = NULL;
	_cleanup_identity_ struct identity *identity = NULL;
	_cleanup_request_ struct request request = { 0 };
	static int file = -1;

	if (file < 0)
		file = memfd_create("file", MFD_CLOEXEC);
	if (packet_parse(bytes, size, &packet) < 0)
		return 0;
	(void)!identity_read(packet, no_fds, &identity, NULL);
	(void)!request_read(packet, file, &request, NULL);
	judge(packet, &resumed);
	return 0;
}
