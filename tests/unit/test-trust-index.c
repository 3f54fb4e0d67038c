/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Index files: their form, the rules of selection row by row, staged rollout. */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "trust/index.h"
#include "trust/rollout.h"
#include "trust/select.h"

#define RELEASE(counter, version, more)                                               \
	"{\"counter\":" #counter ",\"version\":\"" version "\",\"slots\":[{\"path\":" \
	"\"acme/dock/" version ".bin\"}]" more "}"
#define INDEX(more, releases) \
	"{\"format\":1,\"hardware-id\":\"acme/dock\"" more ",\"releases\":[" releases "]}"

#define DELTAS(list)                                                                               \
	INDEX("",                                                                                  \
	      "{\"counter\":1,\"version\":\"1\",\"slots\":[{\"path\":\"acme/x\",\"deltas\":[" list \
	      "]}]}")
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct release_index *parse(const char *text, struct failure *failure)
{
	struct release_index *index = NULL;

	if (index_parse(text, strlen(text), "acme/dock", &index, failure) < 0)
		return NULL;
	return index;
}

static const char whole[] =
	"{\"format\":1,\"hardware-id\":\"acme/dock\",\"support-ends\":\"2031-12-31\",\"floor\":30,"
	"\"history\":{\"2.0.3\":41,\"2.0.2\":40},\"future\":{\"unknown\":[1]},"
	"\"releases\":[" RELEASE(
		40, "2.0.2",
		"") ","
		    "{\"counter\":42,\"version\":\"2.1.0\",\"date\":\"2026-11-01\",\"urgency\":\"high\",\"issues\":[\"CVE-1\"],"
		    "\"slots\":[{\"slot\":\"main\",\"path\":\"acme/dock/2.1.0-main.bin\"},"
		    "{\"slot\":\"radio\",\"path\":\"acme/dock/2.1.0-radio.bin\"}],"
		    "\"min-counter\":36,\"requires\":[{\"hardware-id\":\"acme/hub7\",\"slot\":\"main\",\"min-counter\":12,"
		    "\"if-present\":true}],"
		    "\"rollout\":[{\"at\":\"2026-11-01T00:00:00Z\",\"permille\":50},"
		    "{\"at\":\"2026-11-15T00:00:00Z\",\"permille\":1000}],"
		    "\"notes\":{\"de\":\"Behebt einen Absturz.\",\"en\":\"Fixes a crash.\"}}]}";

static void test_whole(void)
{
	struct failure failure = { 0 };
	_cleanup_index_ struct release_index *index = parse(whole, &failure);
	const struct index_release *release;

	if (!index)
		tap_bail("%s", failure_message(&failure));
	release = &index->releases[0];
	tap_is(index->release_count, 2, "two releases");
	tap_is(release->counter, 42, "the newest first");
	tap_is_string(release->version, "2.1.0", "version");
	tap_is(release->urgency, URGENCY_HIGH, "urgency");
	tap_is(release->min_counter, 36, "min-counter");
	tap_is(release->slot_count, 2, "slots");
	tap_is_string(release->slots[1].label, "radio", "a slot's label");
	tap_is(release->requirement_count, 1, "requires");
	tap_ok(release->requirements[0].is_if_present, "if-present");
	tap_is(release->rollout_count, 2, "rollout");
	tap_is_string(index_note(release, "de"), "Behebt einen Absturz.", "a note in German");
	tap_is_string(index_note(release, "fr"), "Fixes a crash.", "else in English");
	tap_is(index_note(&index->releases[1], "fr") == NULL, true, "or none");
	tap_is(index->floor, 30, "floor");
	tap_ok(index->support_ends > 0, "support-ends");
	tap_is(index_counter_of(index, "2.0.3"), 41, "a counter from the history");
	tap_is(index_counter_of(index, "2.1.0"), 42, "a counter from the releases");
	tap_is(index_counter_of(index, "1.0"), 0, "an unknown version");
}

static void test_deltas(void)
{
	struct failure failure = { 0 };
	_cleanup_index_ struct release_index *index = parse(
		DELTAS("{\"path\":\"acme/old\",\"method\":\"of tomorrow\"},"
		       "{\"path\":\"acme/d\",\"method\":\"zstd-prefix\",\"future\":1,\"base\":"
		       "{\"length\":7,\"sha256\":\"" ZEROS "\"}}"),
		&failure);
	const struct index_slot *slot;

	if (!index)
		tap_bail("%s", failure_message(&failure));
	slot = &index->releases[0].slots[0];
	tap_is(slot->delta_count, 1, "of the deltas the one that is understood");
	tap_is_string(slot->deltas[0].path, "acme/d", "its path");
	tap_is(slot->deltas[0].base_length, 7, "and what it is made for");
}

static void test_malformed(void)
{
	static const struct {
		const char *text;
		const char *word;
		const char *part_of_message;
	} cases[] = {
		{ "[]", "malformed", "object" },
		{ "{\"format\":2,\"hardware-id\":\"acme/dock\",\"releases\":[]}", "malformed",
		  "update fwslot" },
		{ "{\"format\":1,\"hardware-id\":\"acme/hub\",\"releases\":[]}", "incompatible",
		  "acme/hub" },
		{ "{\"format\":1,\"hardware-id\":\"acme/dock\"}", "malformed", "releases" },
		{ INDEX("", "{}"), "malformed", "counter" },
		{ INDEX("", "{\"counter\":1}"), "malformed", "version" },
		{ INDEX("", RELEASE(0, "1", "")), "malformed", "counter" },
		{ INDEX("", RELEASE(1, "", "")), "malformed", "version" },
		{ INDEX("", RELEASE(1, "1 0", "")), "malformed", "version" },
		{ INDEX("", RELEASE(1, "1", "") "," RELEASE(1, "2", "")), "malformed",
		  "two releases" },
		{ INDEX("", "{\"counter\":1,\"version\":\"1\",\"slots\":[]}"), "malformed",
		  "slots" },
		{ INDEX("", "{\"counter\":1,\"version\":\"1\",\"slots\":[{\"path\":\"other/x\"}]}"),
		  "malformed", "acme/" },
		{ INDEX("",
			"{\"counter\":1,\"version\":\"1\",\"slots\":[{\"path\":\"acme/../other/x\"}]}"),
		  "malformed", "path" },
		{ INDEX("", "{\"counter\":1,\"version\":\"1\",\"slots\":[{\"path\":\"acmex/y\"}]}"),
		  "malformed", "path" },
		{ DELTAS("{\"path\":\"acme/d\",\"method\":\"zstd-prefix\"}"), "malformed", "base" },
		{ DELTAS("{\"path\":\"other/d\",\"method\":\"zstd-prefix\"}"), "malformed",
		  "path" },
		{ DELTAS("{\"path\":\"acme/d\"}"), "malformed", "method" },
		{ DELTAS("{\"path\":\"acme/d\",\"method\":\"zstd-prefix\",\"base\":{\"length\":1,"
			 "\"sha256\":\"00\"}}"),
		  "malformed", "sha256" },
		{ DELTAS("{\"path\":\"acme/d\",\"method\":\"zstd-prefix\",\"base\":{\"length\":0,"
			 "\"sha256\":\"" ZEROS "\"}}"),
		  "malformed", "length" },
		{ DELTAS("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}"), "malformed",
		  "more than 16" },
		{ INDEX("", RELEASE(1, "1", ",\"urgency\":\"mild\"")), "malformed", "urgency" },
		{ INDEX("", RELEASE(1, "1", ",\"date\":\"2026-13-01\"")), "malformed", "date" },
		{ INDEX("",
			RELEASE(1, "1",
				",\"requires\":[{\"hardware-id\":\"a/b\",\"min-counter\":1,\"moon\":1}]")),
		  "malformed", "moon" },
		{ INDEX("", RELEASE(1, "1",
				    ",\"requires\":[{\"hardware-id\":\"A\",\"min-counter\":1}]")),
		  "malformed", "hardware id" },
		{ INDEX("", RELEASE(1, "1", ",\"rollout\":[{\"at\":\"tomorrow\",\"permille\":1}]")),
		  "malformed", "rollout" },
		{ INDEX("",
			RELEASE(1, "1",
				",\"rollout\":[{\"at\":\"2026-11-01T00:00:00Z\",\"permille\":1001}]")),
		  "malformed", "permille" },
		{ INDEX("",
			RELEASE(1, "1",
				",\"rollout\":[{\"at\":\"2026-11-02T00:00:00Z\",\"permille\":5},"
				"{\"at\":\"2026-11-01T00:00:00Z\",\"permille\":6}]")),
		  "malformed", "go up" },
		{ INDEX("", RELEASE(1, "1", ",\"notes\":{\"en\":1}")), "malformed", "note" },
		{ INDEX(",\"floor\":2", RELEASE(1, "1", "")), "malformed", "floor" },
		{ INDEX(",\"history\":{\"0.9\":\"x\"}", RELEASE(1, "1", "")), "malformed",
		  "history" },
		{ INDEX(",\"support-ends\":\"never\"", RELEASE(1, "1", "")), "malformed",
		  "support-ends" },
		{ INDEX(",\"floor\":1.0", RELEASE(1, "1", "")), "malformed", "integers" },
		{ INDEX(",\"floor\":1,\"floor\":0", RELEASE(1, "1", "")), "malformed",
		  "duplicate" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct failure failure = { 0 };
		struct release_index *index = parse(cases[i].text, &failure);

		tap_ok(!index && strcmp(reason_word(failure.reason), cases[i].word) == 0 &&
			       strstr(failure_message(&failure), cases[i].part_of_message),
		       "%s", failure_message(&failure));
		index_free(index);
		failure_clear(&failure);
	}
}

static void test_limits(void)
{
	_cleanup_free_ char *large = malloc(300 * 1024);
	struct release_index *index = NULL;
	struct failure failure = { 0 };
	char *end;

	memset(large, ' ', 300 * 1024);
	tap_ok(index_parse(large, 256 * 1024 + 1, "acme/dock", &index, &failure) < 0 &&
		       failure.reason == REASON_TOO_LARGE,
	       "an index of more than 256 KiB");
	failure_clear(&failure);
	end = large + sprintf(large, "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[");
	for (int i = 1; i <= 65; i++)
		end += sprintf(
			end,
			"%s{\"counter\":%d,\"version\":\"%d\",\"slots\":[{\"path\":\"acme/dock/x\"}]}",
			i > 1 ? "," : "", i, i);
	sprintf(end, "]}");
	tap_ok(!parse(large, &failure) && strstr(failure_message(&failure), "64"),
	       "65 releases: %s", failure_message(&failure));
	failure_clear(&failure);
}

/* A table of selections over one index; the expected result is a version or a reason's word. */
static const char rules_index[] = INDEX(
	",\"floor\":3,\"history\":{\"1.9\":9}",
	RELEASE(10, "2.0", "") "," RELEASE(8, "1.8", "") "," RELEASE(
		2, "1.2",
		"") ","
		    "{\"counter\":20,\"version\":\"3.0\",\"min-counter\":10,\"slots\":[{\"slot\":\"b\",\"path\":"
		    "\"acme/dock/3b\"},{\"slot\":\"a\",\"path\":\"acme/dock/3a\"}],"
		    "\"requires\":[{\"hardware-id\":\"acme/hub\",\"min-counter\":5,\"if-present\":true}]}");

static void test_rules(void)
{
	static const char *const both[] = { "a", "b" }, *const other[] = { "z" };
	static const struct inventory_item old_hub[] = { { "acme/hub", "main", 4 } };
	static const struct inventory_item new_hub[] = { { "acme/hub", "main", 5 } };
	static const struct {
		const char *what;
		struct device_request request;
		const char *expected;
		const char *path;
	} cases[] = {
		{ "the newest for which the stepping stone is there",
		  { .installed_counter = 10, .slot_labels = both, .slot_label_count = 2 },
		  "3.0",
		  "acme/dock/3a" },
		{ "the slot that the device prefers",
		  { .installed_counter = 10, .slot_labels = both + 1, .slot_label_count = 1 },
		  "3.0",
		  "acme/dock/3b" },
		{ "no such slot",
		  { .installed_counter = 10, .slot_labels = other, .slot_label_count = 1 },
		  "no-such-slot",
		  NULL },
		{ "the stepping stone first",
		  { .installed_counter = 8 },
		  "2.0",
		  "acme/dock/2.0.bin" },
		{ "the installed version's counter from the history",
		  { .installed_version = "1.9" },
		  "2.0",
		  "acme/dock/2.0.bin" },
		{ "an unknown version is taken for old",
		  { .installed_version = "0.1" },
		  "2.0",
		  "acme/dock/2.0.bin" },
		{ "only 2.0 wanted, and it is there already",
		  { .installed_counter = 10, .want_version = "2.0" },
		  "already-installed",
		  NULL },
		{ "the installed one again",
		  { .installed_counter = 10, .want_version = "2.0", .allow_reinstall = true },
		  "2.0",
		  "acme/dock/2.0.bin" },
		{ "below the index's floor",
		  { .want_version = "1.2", .allow_downgrade = true },
		  "below-floor",
		  NULL },
		{ "a device's own floor", { .floor = 11 }, "min-counter", NULL },
		{ "a downgrade",
		  { .installed_counter = 30, .want_version = "1.8" },
		  "downgrade",
		  NULL },
		{ "a version that is not there", { .want_version = "7" }, "no-such-target", NULL },
		{ "a downgrade that is asked for",
		  { .installed_counter = 30, .want_version = "1.8", .allow_downgrade = true },
		  "1.8",
		  "acme/dock/1.8.bin" },
		{ "another device is too old",
		  { .installed_counter = 10,
		    .slot_labels = both,
		    .slot_label_count = 2,
		    .inventory = old_hub,
		    .inventory_count = 1 },
		  "requires",
		  NULL },
		{ "another device is new enough",
		  { .installed_counter = 10,
		    .slot_labels = both,
		    .slot_label_count = 2,
		    .inventory = new_hub,
		    .inventory_count = 1 },
		  "3.0",
		  "acme/dock/3a" },
	};
	_cleanup_index_ struct release_index *index = parse(rules_index, NULL);

	if (!index)
		tap_bail("the index of the rules");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct failure failure = { 0 };
		struct selection selection = { 0 };
		int r = release_select(index, &cases[i].request, &selection, &failure);

		tap_is_string(r < 0 ? reason_word(failure.reason) : selection.release->version,
			      cases[i].expected, cases[i].what);
		if (r >= 0)
			tap_is_string(selection.slot->path, cases[i].path, "and its image");
		failure_clear(&failure);
	}
}

/* One release each, so that the reason is that release's. */
static void test_reasons(void)
{
	static const struct {
		const char *text;
		struct device_request request;
		const char *expected;
	} cases[] = {
		{ INDEX("", RELEASE(5, "1", "")), { .floor = 6 }, "below-floor" },
		{ INDEX("", RELEASE(5, "1", "")),
		  { .floor = 6, .allow_downgrade = true },
		  "below-floor" },
		{ INDEX("", RELEASE(5, "1", "")), { .installed_counter = 6 }, "downgrade" },
		{ INDEX("", RELEASE(5, "1", "")), { .installed_counter = 5 }, "already-installed" },
		{ INDEX("", RELEASE(5, "1", "")),
		  { .installed_version = "1" },
		  "already-installed" },
		{ INDEX("", RELEASE(5, "1", ",\"min-counter\":4")),
		  { .installed_counter = 3 },
		  "min-counter" },
		{ INDEX("", RELEASE(5, "1",
				    ",\"requires\":[{\"hardware-id\":\"a/b\",\"min-counter\":1}]")),
		  { .installed_counter = 3 },
		  "requires" },
		{ INDEX("", ""), { .installed_counter = 3 }, "no-such-target" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_index_ struct release_index *index = parse(cases[i].text, NULL);
		struct selection selection;
		struct failure failure = { 0 };

		if (!index || release_select(index, &cases[i].request, &selection, &failure) >= 0)
			tap_ok(false, "%s is not refused", cases[i].text);
		else
			tap_is_string(reason_word(failure.reason), cases[i].expected,
				      failure_message(&failure));
		failure_clear(&failure);
	}
}

static void test_rollout(void)
{
	static const uint8_t machine[16] = { 1, 2, 3 };
	_cleanup_index_ struct release_index *index = parse(whole, NULL);
	usec_t first, second;
	unsigned int bucket, again, counts[10] = { 0 }, lowest = 1000, highest = 0;

	if (!index || time_parse("2026-11-01T00:00:00Z", &first) < 0 ||
	    time_parse("2026-11-15T00:00:00Z", &second) < 0)
		tap_bail("rollout");
	tap_ok(!rollout_includes(&index->releases[0], 0, first - 1),
	       "nobody before the first step");
	tap_ok(rollout_includes(&index->releases[0], 49, first),
	       "50 permille from the first step on");
	tap_ok(!rollout_includes(&index->releases[0], 50, first), "and no more");
	tap_ok(rollout_includes(&index->releases[0], 999, second), "all from the second on");
	tap_ok(rollout_includes(&index->releases[1], 999, 0),
	       "a release without rollout is for all");
	for (int i = 0; i < 10000; i++) {
		char serial[16];

		snprintf(serial, sizeof(serial), "%d", i);
		if (rollout_bucket(machine, "acme/dock", serial, "acme/dock/x.bin", &bucket) < 0 ||
		    rollout_bucket(machine, "acme/dock", serial, "acme/dock/x.bin", &again) < 0 ||
		    bucket != again || bucket > 999)
			tap_bail("a bucket is not stable");
		counts[bucket / 100]++;
	}
	for (int i = 0; i < 10; i++) {
		lowest = counts[i] < lowest ? counts[i] : lowest;
		highest = counts[i] > highest ? counts[i] : highest;
	}
	tap_ok(lowest > 850 && highest < 1150,
	       "10000 devices spread over the buckets: %u to %u a tenth", lowest, highest);
}

int main(void)
{
	test_whole();
	test_deltas();
	test_malformed();
	test_limits();
	test_rules();
	test_reasons();
	test_rollout();
	return tap_done();
}
