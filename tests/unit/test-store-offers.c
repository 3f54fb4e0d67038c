/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What update sources offered, how it went with them, and what people decided: kept, replaced and forgotten. */
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
				       .support_ends_usec = 77,
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

static enum decision decision_of(struct store *store, const char *device, const char *version,
				 struct decision_record *ret)
{
	return store_find_decision(store, device, version, ret) < 0 ? DECISION_INVALID :
								      ret->decision;
}

static void test_decisions(void)
{
	struct decision_record found;
	static struct decision_record approved = { .device_id = "sim0",
						   .version = "1.2.0",
						   .digest = DIGEST,
						   .decision = DECISION_APPROVED,
						   .flags = 8,
						   .uid = 1000,
						   .usec = 20,
						   .offered_usec = 10 };
	struct store *store = open_store();

	tap_is(store_find_decision(store, "sim0", "1.2.0", &found), -ENOENT, "nothing was decided");
	tap_is(store_note_offered(store, "sim0", "1.2.0", DIGEST, 10), 0, "a release is offered");
	tap_is(decision_of(store, "sim0", "1.2.0", &found), DECISION_PENDING, "it waits");
	tap_is((intmax_t)found.offered_usec, 10, "since it was offered");
	tap_is(store_save_decision(store, &approved), 0, "it is approved");
	tap_is(store_note_offered(store, "sim0", "1.2.0", DIGEST, 30), 0, "and offered again");
	store_close(store);
	store = open_store();
	tap_is(store_find_decision(store, "sim0", "1.2.0", &found), 0, "after a restart");
	tap_ok(memcmp(&found, &approved, sizeof(found)) == 0, "all of the approval is there");
	tap_is(store_note_offered(store, "sim0", "1.2.0", "", 40), 0, "another content");
	tap_is(decision_of(store, "sim0", "1.2.0", &found), DECISION_PENDING,
	       "under the same version has to be approved anew");
	tap_is((intmax_t)found.offered_usec, 40, "and is offered since then");

	tap_is(store_save_decision(store, &approved), 0, "approved");
	tap_is(store_start_decisions(store, "sim1", "1.2.0", 50, 60), 0, "a job on another device");
	tap_is(decision_of(store, "sim0", "1.2.0", &found), DECISION_APPROVED, "changes nothing");
	tap_is(store_start_decisions(store, "sim0", "9.9.9", 50, 60), 0, "one of another version");
	tap_ok(decision_of(store, "sim0", "1.2.0", &found) == DECISION_STARTED &&
		       found.until_usec == 60,
	       "uses the approval up all the same");
	tap_is(store_settle_decision(store, "sim0", "1.2.0", 70), 0, "it was installed");
	tap_is(decision_of(store, "sim0", "1.2.0", &found), DECISION_SETTLED, "that is remembered");
	tap_is(store_start_decisions(store, "sim0", "1.2.0", 80, 90), 0, "once more, by hand");
	tap_is(decision_of(store, "sim0", "1.2.0", &found), DECISION_SETTLED, "and stays");
	approved.decision = DECISION_DISMISSED;
	tap_is(store_save_decision(store, &approved), 0, "dismissed");
	tap_is(store_settle_decision(store, "sim0", "1.2.0", 70), 0, "and installed from a file");
	tap_is(decision_of(store, "sim0", "1.2.0", &found), DECISION_DISMISSED, "stays dismissed");

	for (unsigned i = 0; i < STORE_DECISIONS_MAX + 3; i++) {
		char version[16];

		snprintf(version, sizeof(version), "2.%u", i);
		if (store_note_offered(store, "sim0", version, "", 100 + i) < 0)
			tap_bail("cannot note an offer");
	}
	tap_is(decision_of(store, "sim0", "2.2", &found), DECISION_INVALID,
	       "the oldest are forgotten");
	tap_is(decision_of(store, "sim0", "2.3", &found), DECISION_PENDING, "the others are not");
	store_close(store);
}

static char policies[256];

static int see_policy(const struct policy_record *record, void *userdata)
{
	size_t used = strlen(policies);

	(void)userdata;
	snprintf(policies + used, sizeof(policies) - used, "%s=%s ", record->device_id,
		 record->policy);
	return 0;
}

static void test_policies(void)
{
	struct store *store = open_store();

	tap_is(store_save_policy(store, "sim0", "never"), 0, "a device's policy");
	tap_is(store_save_policy(store, "", "security"), 0, "everybody's");
	tap_is(store_save_policy(store, "sim1", "ask"), 0, "another device's");
	tap_is(store_save_policy(store, "sim0", "automatic"), 0, "another policy");
	tap_is(store_save_policy(store, "sim1", ""), 0, "one is forgotten");
	store_close(store);
	store = open_store();
	tap_is(store_list_policies(store, see_policy, NULL), 0, "after a restart");
	tap_is_string(policies, "=security sim0=automatic ", "what was set last is there");
	store_close(store);
}

static char versions[256];

static int see_version(const struct version_record *record, void *userdata)
{
	size_t used = strlen(versions);

	(void)userdata;
	snprintf(versions + used, sizeof(versions) - used, "%s:%s=%s ", record->device_id,
		 record->version, version_rule_to_string(record->rule));
	return record->uid == 1000 && record->usec == 30 ? 0 : -EBADMSG;
}

static int rule(struct store *store, const char *device, const char *version,
		enum version_rule rule)
{
	struct version_record record = { .rule = rule, .uid = 1000, .usec = 30 };

	strcpy(record.device_id, device);
	strcpy(record.version, version);
	return store_save_version(store, &record);
}

static const char *list_versions(struct store *store)
{
	versions[0] = '\0';
	return store_list_versions(store, see_version, NULL) < 0 ? "cannot be listed" : versions;
}

static void test_versions(void)
{
	struct store *store = open_store();

	tap_is(rule(store, "sim0", "1.2.0", VERSION_PINNED), 0, "a pin");
	tap_is(rule(store, "sim1", "1.2.0", VERSION_PINNED), 0, "another device's");
	tap_is(rule(store, "sim0", "1.4.0", VERSION_SKIPPED), 0, "a version is skipped");
	tap_is(rule(store, "sim0", "1.3.0", VERSION_SKIPPED), 0, "and another one");
	store_close(store);
	store = open_store();
	tap_is_string(list_versions(store),
		      "sim0:1.2.0=pinned sim0:1.3.0=skipped sim0:1.4.0=skipped sim1:1.2.0=pinned ",
		      "all of it is there after a restart");
	tap_is(rule(store, "sim0", "1.4.0", VERSION_PINNED), 0, "a pin to what was skipped");
	tap_is_string(list_versions(store),
		      "sim0:1.3.0=skipped sim0:1.4.0=pinned sim1:1.2.0=pinned ",
		      "takes the place of that, and of the pin before");
	tap_is(store_forget_versions(store, "sim0", VERSION_SKIPPED, "1.4.0"), 0,
	       "taking back what is not");
	tap_is(store_forget_versions(store, "sim0", VERSION_PINNED, ""), 0, "taking a pin back");
	tap_is_string(list_versions(store), "sim0:1.3.0=skipped sim1:1.2.0=pinned ",
		      "each removes what it names");
	store_close(store);
}

static void test_remotes(void)
{
	/* Static: what lies between the fields is compared, too. */
	static struct remote_record record = { .name = "acme",
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
	static void (*const tests[])(void) = { test_offers, test_remotes, test_decisions,
					       test_policies, test_versions };

	return store_bed_run(tests, ARRAY_SIZE(tests));
}
