/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-worker as fwslotd uses it: what a good bundle gives, what other requests for
 * the same bundle give, and writing a slot.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "tap.h"
#include "worker-bench.h"

static void test_ok(void)
{
	struct author *author = bench_author(bench_usual_index);
	struct outcome outcome;
	_cleanup_free_ char *staged = NULL;
	char path[256];
	size_t size;

	bench_new_state(author);
	outcome = bench_open_author(author, NULL);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "ok", "a good bundle");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_PATH), "acme/dock/1.1.bin", "path");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_VERSION), "1.1", "version");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_COUNTER), "2", "counter");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_LENGTH), "300000", "length");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_SLOT), "", "for any slot");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_NEW_FLOOR), "1",
		      "the floor when it is confirmed");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_URGENCY), "high", "urgency");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_SIGNER), "acme", "signer");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REMOTE), "acme", "update source");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_HARDWARE_ID), "acme/dock", "hardware id");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_SUMMARY), "Fixes a crash.",
		      "the note's first line");
	tap_is(strlen(outcome_value(&outcome, WORKER_KEY_SIGNER_KEYS)), 64,
	       "a digest of the signer's keys");
	tap_is(outcome.last_percent, 100, "progress ends at 100");
	snprintf(path, sizeof(path), "payload/%s", outcome_value(&outcome, WORKER_KEY_SHA256));
	tap_ok(file_read(AT_FDCWD, bench_path(path), sizeof(bench_image), &staged, &size) >= 0 &&
		       size == sizeof(bench_image) && memcmp(staged, bench_image, size) == 0,
	       "the image is there under its digest");
	packet_free(outcome.result);
	outcome_is(bench_open_author(author, NULL), "ok", "the same bundle again");
	tap_is(bench_count_images(), 1, "is one image");
	author_free(author);
}

/* Rows that need only another request. */
static void test_requests(void)
{
	static const struct {
		const char *what;
		struct change changes[4];
		const char *expected;
	} rows[] = {
		{ "for another device",
		  { { WORKER_KEY_HARDWARE_IDS, "acme/hub7" } },
		  "incompatible" },
		{ "for another vendor's device",
		  { { WORKER_KEY_HARDWARE_IDS, "other/hub7" } },
		  "incompatible" },
		{ "below the floor", { { WORKER_KEY_FLOOR, "3" } }, "below-floor" },
		{ "below the floor, though a downgrade is allowed",
		  { { WORKER_KEY_FLOOR, "3" }, { WORKER_KEY_ALLOW_DOWNGRADE, "1" } },
		  "below-floor" },
		{ "older than what is installed",
		  { { WORKER_KEY_INSTALLED_COUNTER, "3" } },
		  "downgrade" },
		{ "installed already",
		  { { WORKER_KEY_INSTALLED_COUNTER, "2" } },
		  "already-installed" },
		{ "installed already, by version",
		  { { WORKER_KEY_INSTALLED_COUNTER, "0" },
		    { WORKER_KEY_INSTALLED_VERSION, "1.1" } },
		  "already-installed" },
		{ "a version that is not in it",
		  { { WORKER_KEY_WANT_VERSION, "9" } },
		  "no-such-target" },
		{ "expired", { { WORKER_KEY_NOW_USEC, "1900000000000000" } }, "expired" },
		{ "a larger bundle than allowed",
		  { { WORKER_KEY_MAX_BYTES, "200000" } },
		  "too-large" },
		{ "an image larger than the slot",
		  { { WORKER_KEY_SLOT_SIZE, "299999" } },
		  "too-large" },
		{ "a hardware id that is none",
		  { { WORKER_KEY_HARDWARE_IDS, "../x" } },
		  "invalid-argument" },
		{ "no hardware id", { { WORKER_KEY_HARDWARE_IDS, NULL } }, "invalid-argument" },
		{ "no time", { { WORKER_KEY_NOW_USEC, NULL } }, "invalid-argument" },
		{ "a floor that is no number", { { WORKER_KEY_FLOOR, "-1" } }, "invalid-argument" },
		{ "an operation nobody knows",
		  { { WORKER_KEY_OPERATION, "format-disk" } },
		  "invalid-argument" },
		{ "no trusted source",
		  { { WORKER_KEY_ROOTS_DIRS, "/nonexistent" } },
		  "unknown-signer" },
		{ "a folder of images that is not there",
		  { { WORKER_KEY_STAGE_DIR, "/nonexistent" } },
		  "io-error" },
	};
	struct author *author = bench_author(bench_usual_index);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bench_new_state(author);
		outcome_is(bench_open_author(author, rows[i].changes), rows[i].expected,
			   rows[i].what);
	}
	bench_new_state(author);
	outcome_is(bench_open_author(author,
				     (struct change[]){ { WORKER_KEY_INSTALLED_COUNTER, "3" },
							{ WORKER_KEY_ALLOW_DOWNGRADE, "1" },
							{ 0 } }),
		   "ok", "a downgrade that is asked for");
	author_free(author);
}

static void test_write_slot(void)
{
	struct packet *request = packet_new(1000);
	int fds[2] = { memfd_create("image", MFD_CLOEXEC), memfd_create("data", MFD_CLOEXEC) };
	_cleanup_free_ char *written = NULL;
	char digest[SHA256_TEXT_SIZE];
	uint8_t sha256[SHA256_BYTES];
	struct outcome outcome;
	size_t size;

	packet_add(request, WORKER_KEY_OPERATION, WORKER_WRITE_SLOT);
	outcome = worker_run(request, fds, 2);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "invalid-argument",
		      "nobody says which image it is");
	packet_free(outcome.result);
	if (hash_bytes(HASH_SHA256, bench_image, sizeof(bench_image), sha256) < 0)
		tap_bail("cannot hash");
	packet_add(request, WORKER_KEY_SHA256, hex_encode(sha256, sizeof(sha256), digest));
	packet_add_u64(request, WORKER_KEY_LENGTH, sizeof(bench_image));
	if (write(fds[0], bench_image, sizeof(bench_image)) != sizeof(bench_image))
		tap_bail("cannot write");
	outcome = worker_run(request, fds, 2);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "ok", "write a slot");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_WRITTEN), "300000", "all of it");
	tap_is(outcome.last_percent, 100, "progress ends at 100");
	packet_free(outcome.result);
	lseek(fds[1], 0, SEEK_SET);
	tap_ok(file_read_fd(fds[1], sizeof(bench_image), &written, &size) >= 0 &&
		       size == sizeof(bench_image) && memcmp(written, bench_image, size) == 0,
	       "byte for byte");
	lseek(fds[1], 0, SEEK_SET);
	if (pwrite(fds[0], "?", 1, 200000) != 1)
		tap_bail("cannot spoil");
	outcome = worker_run(request, fds, 2);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "wrong-digest",
		      "a byte changed on the disk since it was authenticated");
	packet_free(outcome.result);
	lseek(fds[1], 0, SEEK_SET);
	if (ftruncate(fds[0], 1000) < 0)
		tap_bail("cannot cut");
	outcome = worker_run(request, fds, 2);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "truncated",
		      "the image is shorter than said");
	packet_free(outcome.result);
	outcome = worker_run(request, fds, 1);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "invalid-argument",
		      "no slot to write to");
	packet_free(outcome.result);
	close(fds[1]);
	fds[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
	outcome = worker_run(request, fds, 2);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "no-space",
		      "a slot that refuses: its errno is the reason");
	packet_free(outcome.result);
	close_fds(fds, 2);
	packet_free(request);
}

/* Somebody starts it by hand, or fwslotd dies before it asks. */
static void test_no_request(void)
{
	struct outcome outcome = worker_run(NULL, NULL, 0);

	tap_ok(!outcome.result && WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 1,
	       "without a request it ends with status 1");
	packet_free(outcome.result);
}

int main(void)
{
	bench_begin();
	test_ok();
	test_requests();
	test_write_slot();
	test_no_request();
	bench_end();
	return tap_done();
}
