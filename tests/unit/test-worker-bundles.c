/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bundles that are not good, each refused by its own word, with nothing left behind:
 * signatures, content, indexes, rollback, files that are no bundles.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "repo/tar-write.h"
#include "tap.h"
#include "worker-bench.h"

static void test_signatures(void)
{
	struct author *author = bench_author(bench_usual_index),
		      *stranger = bench_author(bench_usual_index);
	struct author_file *file;
	struct author_role *timestamp = author_role(author, "timestamp");

	bench_new_state(author);
	outcome_is(bench_open_author(stranger, NULL), "unknown-signer", "signed by a stranger");
	author_put_signed(author, "timestamp.json", timestamp->part, NULL, 0);
	outcome_is(bench_open_author(author, NULL), "unsigned", "unsigned");
	author_remove(author, "metadata/timestamp.json");
	outcome_is(bench_open_author(author, NULL), "unsigned", "without metadata");
	author_publish(author);
	file = author_find(author, "metadata/timestamp.json");
	memcpy(strstr(file->bytes, "2027-06"), "2027-07", 7);
	outcome_is(bench_open_author(author, NULL), "bad-signature", "an altered timestamp");
	author_publish(author);
	file = author_find(author, "metadata/1.acme.json");
	memcpy(strstr(file->bytes, "2027-06"), "2027-07", 7);
	outcome_is(bench_open_author(author, NULL), "bad-signature", "an altered vendor role");
	author_publish(author);
	author_put_signed(author, "1.acme.json", author_role(author, "acme")->part,
			  author_role(stranger, "acme")->signers, 1);
	outcome_is(bench_open_author(author, NULL), "unknown-signer",
		   "a vendor role signed by a stranger");
	author_publish(author);
	outcome_is(bench_open_author(author, NULL), "ok", "and the right one");
	author_free(author);
	author_free(stranger);
}

/* The name of the tar entry that holds the target @path. */
static struct author_file *find_target_file(struct author *author, const char *base)
{
	for (size_t i = 0; i < author->file_count; i++) {
		const char *dot = strchr(author->files[i].name, '.');

		if (strncmp(author->files[i].name, "targets/", 8) == 0 && dot &&
		    strcmp(dot + 1, base) == 0)
			return &author->files[i];
	}
	tap_bail("no target %s", base);
}

static void test_content(void)
{
	struct author *author = bench_author(bench_usual_index);
	struct author_file *file = find_target_file(author, "1.1.bin");

	bench_new_state(author);
	file->bytes[1000] ^= 1;
	outcome_is(bench_open_author(author, NULL), "wrong-digest",
		   "one bit of the image is another");
	file->bytes[1000] ^= 1;
	file->size--;
	outcome_is(bench_open_author(author, NULL), "truncated", "the image is a byte short");
	file->size++;
	author_put(author, file->name, "x", 1);
	outcome_is(bench_open_author(author, NULL), "truncated", "another image in its place");
	author_remove(author, file->name);
	outcome_is(bench_open_author(author, NULL), "not-listed", "the image is not in the bundle");
	author_add_target(author, "acme", "acme/dock/1.1.bin", bench_image, sizeof(bench_image),
			  NULL);
	file = find_target_file(author, "index.json");
	file->bytes[12] ^= 1;
	outcome_is(bench_open_author(author, NULL), "wrong-digest", "an altered index");
	author_free(author);
}

/* Authenticated, but not good: what the vendor himself did wrong. */
static void test_index(void)
{
	static const struct {
		const char *what;
		const char *index;
		const char *expected;
	} rows[] = {
		{ "not JSON", "{", "malformed" },
		{ "another format", "{\"format\":2,\"hardware-id\":\"acme/dock\",\"releases\":[]}",
		  "malformed" },
		{ "an index for another device",
		  "{\"format\":1,\"hardware-id\":\"acme/hub\",\"releases\":[]}", "incompatible" },
		{ "no release", "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[]}",
		  "no-such-target" },
		{ "an image that nobody lists",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"slots\":[{\"path\":\"acme/dock/none.bin\"}]}]}",
		  "no-such-target" },
		{ "another counter than the image's own entry",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":3,\"version\":\"1.1\","
		  "\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "incompatible" },
		{ "a stepping stone",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"min-counter\":2,\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "min-counter" },
		{ "a device that must be newer",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"requires\":[{\"hardware-id\":\"acme/hub\",\"min-counter\":2}],"
		  "\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "requires" },
		{ "a slot the device does not have",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"slots\":[{\"slot\":\"radio\",\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "no-such-slot" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct author *author = bench_author(rows[i].index);

		bench_new_state(author);
		outcome_is(bench_open_author(author, NULL), rows[i].expected, rows[i].what);
		author_free(author);
	}
}

static void test_slots_and_inventory(void)
{
	struct author *author = bench_author(
		"{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		"\"requires\":[{\"hardware-id\":\"acme/hub\",\"min-counter\":2}],"
		"\"slots\":[{\"slot\":\"b\",\"path\":\"acme/dock/1.1.bin\"}]}]}");
	const struct change changes[] = {
		{ WORKER_KEY_SLOT_LABEL_COUNT, "2" },
		{ WORKER_KEY_SLOT_LABEL "0", "a" },
		{ WORKER_KEY_SLOT_LABEL "1", "b" },
		{ WORKER_KEY_INVENTORY_COUNT, "1" },
		{ WORKER_KEY_INVENTORY "0", "acme/hub main 2" },
		{ 0 },
	};
	struct outcome outcome;

	bench_new_state(author);
	outcome = bench_open_author(author, changes);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_SLOT), "b", "the slot the image is for");
	outcome_is(outcome, "ok", "with labels and an inventory");
	author_free(author);
}

/* A custom entry that denies the device is the second lock. */
static void test_custom(void)
{
	struct author *author = bench_author(bench_usual_index);

	author_add_target(author, "acme", "acme/dock/1.1.bin", bench_image, sizeof(bench_image),
			  json_pack("{s:[s]}", "hardware-ids", "acme/hub7"));
	author_publish(author);
	bench_new_state(author);
	outcome_is(bench_open_author(author, NULL), "incompatible",
		   "the image's own entry is for another device");
	author_free(author);
}

static void test_rollback(void)
{
	struct author *author = bench_author(bench_usual_index);
	int old = author_bundle(author);

	bench_new_state(author);
	author_publish_next(author);
	outcome_is(bench_open_author(author, NULL), "ok", "a newer bundle");
	bench_shell("rm -f payload/*");
	outcome_is(bench_open(old, NULL), "ok",
		   "an older one with what is still trusted serves as a store of targets");
	bench_shell("rm -f payload/*");
	author_add_target(author, "acme", "acme/dock/index.json", "{\"format\":1}", 12, NULL);
	author_publish_next(author);
	outcome_is(bench_open_author(author, NULL), "malformed",
		   "a newer bundle with another index");
	outcome_is(bench_open(old, NULL), "metadata-rollback", "then the older one is a rollback");
	close(old);
	author_free(author);
}

static void test_bad_files(void)
{
	struct author *author = bench_author(bench_usual_index);
	int fd = author_bundle(author), pipe_fds[2];
	off_t size = lseek(fd, 0, SEEK_END);
	struct packet *request;

	bench_new_state(author);
	if (ftruncate(fd, size - 512) < 0)
		tap_bail("cannot cut");
	outcome_is(bench_open(fd, NULL), "truncated", "a bundle cut at its end marker");
	if (ftruncate(fd, 200000) < 0)
		tap_bail("cannot cut");
	outcome_is(bench_open(fd, NULL), "truncated", "a bundle cut in the image");
	if (ftruncate(fd, 0) < 0)
		tap_bail("cannot cut");
	outcome_is(bench_open(fd, NULL), "truncated", "an empty file");
	if (write(fd, bench_image, 4096) != 4096)
		tap_bail("cannot write");
	outcome_is(bench_open(fd, NULL), "malformed", "no tar file");
	close(fd);
	if (pipe(pipe_fds) < 0)
		tap_bail("no pipe");
	outcome_is(bench_open(pipe_fds[0], NULL), "not-regular-file", "a pipe");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	request = bench_request(NULL);
	outcome_is(worker_run(request, NULL, 0), "invalid-argument", "no file at all");
	packet_free(request);
	author_free(author);
}

static void test_duplicates(void)
{
	struct author *author = bench_author(bench_usual_index);
	struct tar_writer writer = { .io = &io_default,
				     .fd = memfd_create("t", MFD_CLOEXEC),
				     .what = "t" };

	bench_new_state(author);
	for (size_t i = 0; i < author->file_count + 1; i++) {
		const struct author_file *file = &author->files[i % author->file_count];

		if (tar_write_entry(&writer, file->name, file->bytes, file->size, NULL) < 0)
			tap_bail("cannot write");
	}
	(void)!tar_write_end(&writer, NULL);
	outcome_is(bench_open(writer.fd, NULL), "malformed", "two entries of one name");
	close(writer.fd);
	author_free(author);
}

/* Of several sources the right one is found, whatever the others are. */
static void test_several_sources(void)
{
	struct author *author = bench_author(bench_usual_index),
		      *other = bench_author(bench_usual_index);
	struct outcome outcome;

	bench_new_state(author);
	bench_add_source("a-stranger", other);
	bench_shell("mkdir -p remotes/broken remotes/empty && echo '{}' >remotes/broken/root.json");
	outcome = bench_open_author(author, NULL);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REMOTE), "acme", "the right source");
	outcome_is(outcome, "ok", "of several");
	author_free(author);
	author_free(other);
}

int main(void)
{
	bench_begin();
	test_signatures();
	test_content();
	test_index();
	test_slots_and_inventory();
	test_custom();
	test_rollback();
	test_bad_files();
	test_duplicates();
	test_several_sources();
	bench_end();
	return tap_done();
}
