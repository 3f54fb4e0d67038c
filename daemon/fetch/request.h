/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One OP=fetch as asked for and found sound. Contacts nobody. */
#pragma once

#include <stdint.h>

#include "base/macros.h"
#include "base/packet.h"
#include "base/reason.h"
#include "fetch/url.h"

/* Texts belong to the packet that the request was read from. */
struct request {
	const char *url;
	uint64_t max_bytes;
	uint64_t exact_bytes; /* REQUEST_ANY: not known */
	uint64_t resume_from; /* 0: from the beginning */
	const char *validator; /* what to resume with; NULL: none */
	const char *if_none_match; /* NULL: none */
	uint64_t connect_msec, total_msec;
	uint64_t low_speed_bytes, low_speed_sec;
	uint64_t bandwidth; /* bytes a second; 0: no limit */
	struct url_facts facts; /* of url */
};

#define REQUEST_ANY UINT64_MAX

void request_clear(struct request *request);
#define _cleanup_request_ _cleanup_(request_clear)

/*
 * Reads and checks @packet; its limits are those of base/fetch-protocol.h. @fd, the file
 * to write into, is only looked at. -EINVAL with a @failure that says what is wrong.
 */
_warn_unused_ int request_read(const struct packet *packet, int fd, struct request *ret,
			       struct failure *failure);
