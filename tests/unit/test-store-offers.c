/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What update sources offered, and how it went with them: kept over restarts, replaced and forgotten. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store-bed.h"
#include "tap.h"

#define DIGEST "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static struct offer_record offer(const char *device, const char *remote, const char *version)
{
	struct offer_record record = { .counter = 7,
				       .urgency = "high",
				       .signer = "acme",
				       .digest = DIGEST,
				       .length_bytes = 1000,
				       .published_usec = 5,
				       .is_in_rollout = true,
				       .notes = "en A note.\nde Eine Notiz.\n",
				       .reason = REASON_DOWNGRADE,
				       .message = "It is older." };

	strcpy(record.device_id, device);
	strcpy(record.remote, remote);
	strcpy(record.version, version);
	return record;
}

static struct offer_record seen[4];
static size_t seen_count;

static int see(const struct offer_record *record, void *userdata)
{
	(void)userdata;
	seen[seen_count++] = *record;
	return 0;
}

static size_t list(struct store *store)
{
	seen_count = 0;
	tap_is(store_list_offers(store, see, NULL), 0, "the list of offers");
	return seen_count;
}

static void test_offers(void)
{
	const struct offer_record second = offer("sim1", "acme", "1.1.0"),
				  first = offer("sim0", "zeta", "1.2.0"),
				  newer = offer("sim1", "acme", "1.3.0");
	struct store *store = open_store();

	tap_is(store_save_offer(store, &second, 1), 0, "an offer is kept");
	tap_is(store_save_offer(store, &first, 2), 0, "another one, of another source");
	tap_is(store_save_offer(store, &newer, 3), 0, "one that replaces the first");
	store_close(store);
	store = open_store();
	tap_is((intmax_t)list(store), 2, "two are there after a restart");
	tap_ok(memcmp(&seen[0], &first, sizeof(first)) == 0 &&
		       memcmp(&seen[1], &newer, sizeof(newer)) == 0,
	       "by device, and all of each");
	store_close(store);
}

static void test_remotes(void)
{
	struct remote_record record = { .name = "acme",
					.tried_usec = 5,
					.refreshed_usec = 4,
					.next_usec = 9,
					.failures = 2,
					.reason = REASON_TIMEOUT },
			     found;
	struct store *store = open_store();
	char *message = NULL;

	tap_is(store_find_remote(store, "acme", &found, &message), -ENOENT, "never asked");
	tap_is(store_save_remote(store, &record, "It was slow."), 0, "a failure");
	store_close(store);
	store = open_store();
	memset(&found, 0, sizeof(found));
	tap_is(store_find_remote(store, "acme", &found, &message), 0, "is there after a restart");
	tap_ok(memcmp(&found, &record, sizeof(record)) == 0, "all of it");
	tap_is_string(message, "It was slow.", "with its sentence");
	free(message);
	record.reason = REASON_OK;
	tap_is(store_save_remote(store, &record, NULL), 0, "a success");
	message = NULL;
	tap_is(store_find_remote(store, "acme", &found, &message), 0, "takes its place");
	tap_is_string(message, "", "without a sentence");
	free(message);
	store_close(store);
}

int main(void)
{
	static void (*const tests[])(void) = { test_offers, test_remotes };

	return store_bed_run(tests, ARRAY_SIZE(tests));
}
