/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When is an update source asked next? Pure: time and randomness are passed in. After a good refresh after the
 * interval and a random delay, so that not all machines come in the same second; after a bad one sooner, then more
 * and more rarely, each time at a random moment of the span's second half.
 */
#pragma once

#include <stdint.h>

#include "base/fetch-protocol.h"
#include "store/record.h"

#define REFRESH_RETRY_USEC UINT64_C(300000000) /* after the first failure; doubled with each more */
/* The latest that a server may ask for (Retry-After), and half as much at random. */
#define REFRESH_ASKED_MAX_USEC (FETCH_RETRY_AFTER_SEC_MAX * UINT64_C(1500000))

struct refresh_policy {
	uint64_t interval_usec, random_delay_usec;
};

/*
 * After a try at @now_usec that ended with @failure (REASON_OK: well): the record with all that follows from it, not
 * before the time that the server asks for. @random: any 64 bits.
 */
void refresh_plan_tried(struct remote_record *record, const struct refresh_policy *policy,
			const struct failure *failure, uint64_t now_usec, uint64_t random);

/*
 * At the start, or when the policy has changed: keeps a plan that still makes sense. One whose time has come while
 * nobody looked, or that lies further away than it can (the clock was set), begins with the random delay. What a server
 * asked for is such a plan, however long it is.
 */
void refresh_plan_begin(struct remote_record *record, const struct refresh_policy *policy,
			uint64_t now_usec, uint64_t random);
