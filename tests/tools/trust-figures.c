/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trust-figures FOLDER ROUNDS: what a cold refresh of FOLDER/site costs, with the search for the targets
 * acme/m0000/index.json and 1.1.bin, beside the signature checks and hashes in it alone. Prints lines
 * "who what number" for bench/table.awk: requests, KiB of memory added, microseconds of processor
 * time; and the requests of a refresh after that. Files come from the folder, as from a server that
 * costs nothing; trusted metadata are stored on a real file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "repo/site-fetcher.h"
#include "trust/limits.h"
#include "trust/quiet.h"

#define TRUST "trust"

static const char *const paths[] = { "acme/m0000/index.json", "acme/m0000/1.1.bin" };

/* Counts what is asked of the other one. */
struct counter {
	struct fetcher fetcher; /* first */
	struct fetcher *other;
	unsigned int requests;
};

static int count_metadata(struct fetcher *self, const char *name, size_t max_bytes, char **ret,
			  size_t *ret_size, struct failure *failure)
{
	struct counter *counter = (struct counter *)self;

	counter->requests++;
	return counter->other->fetch_metadata(counter->other, name, max_bytes, ret, ret_size,
					      failure);
}

static int count_target(struct fetcher *self, const char *path, uint64_t max_bytes,
			struct fetched_file *ret, struct failure *failure)
{
	struct counter *counter = (struct counter *)self;

	counter->requests++;
	return counter->other->fetch_target(counter->other, path, max_bytes, ret, failure);
}

static _Noreturn void die(struct failure *failure, const char *what)
{
	fprintf(stderr, "trust-figures: %s: %s\n", what, failure_message(failure));
	exit(1);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

struct run {
	const char *root;
	size_t root_size;
	struct counter counter;
	struct trust_store *store;
	struct trust_client *client;
	struct target targets[ARRAY_SIZE(paths)];
};

/* One refresh from what is stored, and both targets. */
static void refresh(struct run *run)
{
	_cleanup_failure_ struct failure failure = { 0 };
	int r = trust_store_open(&io_default, AT_FDCWD, TRUST, &run->store, &failure);

	run->counter.requests = 0;
	if (r >= 0)
		r = trust_client_new(run->store, &run->counter.fetcher, CLIENT_FETCH,
				     time_now_realtime(), run->root, run->root_size, &run->client,
				     &failure);
	if (r >= 0)
		r = trust_client_refresh_if_new(run->client, &failure);
	if (r < 0)
		die(&failure, "refresh");
}

static void fetch_targets(struct run *run)
{
	_cleanup_failure_ struct failure failure = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct fetched_file file = { .fd = -EBADF };

		if (trust_client_find_target(run->client, paths[i], &run->targets[i], &failure) <
			    0 ||
		    trust_client_fetch_target(run->client, &run->targets[i], &file, &failure) < 0)
			die(&failure, paths[i]);
		close_fd(file.fd);
	}
}

static void finish(struct run *run)
{
	trust_client_free(run->client);
	trust_store_close(run->store);
}

static void check(const struct metadata *metadata, const struct role *role)
{
	uint8_t digest[SHA256_BYTES];
	struct failure failure = { 0 };

	if (signed_document_verify(metadata->document, role, "", &failure) < 0)
		die(&failure, "verify");
	if (hash_bytes(HASH_SHA256, metadata->document->bytes, metadata->document->size, digest) <
	    0)
		abort();
}

/* The checks of signatures and the hashes of that refresh, and nothing else. */
static uint64_t measure_floor(const struct run *run, uint64_t rounds)
{
	const struct trust_client *client = run->client;
	_cleanup_free_ char *image = calloc(1, run->targets[1].length);
	uint64_t begin = cpu_ns();

	for (uint64_t i = 0; i < rounds; i++) {
		uint8_t digest[SHA256_BYTES];

		check(&client->root.common, &client->root.roles[ROLE_ROOT]);
		check(&client->timestamp.common, &client->root.roles[ROLE_TIMESTAMP]);
		check(&client->snapshot.common, &client->root.roles[ROLE_SNAPSHOT]);
		check(&client->targets.common, &client->root.roles[ROLE_TARGETS]);
		for (const struct delegated_role *role = client->delegated; role; role = role->next)
			check(&role->targets.common, role->role);
		for (size_t t = 0; t < ARRAY_SIZE(paths); t++)
			if (hash_bytes(HASH_SHA256, image, run->targets[t].length, digest) < 0)
				abort();
	}
	return (cpu_ns() - begin) / rounds;
}

static size_t count_roles(const struct trust_client *client)
{
	size_t count = 0;

	for (const struct delegated_role *role = client->delegated; role; role = role->next)
		count++;
	return count;
}

static void forget(void)
{
	if (system("rm -rf " TRUST) != 0)
		exit(1);
}

int main(int count, char **arguments)
{
	_cleanup_failure_ struct failure failure = { 0 };
	_cleanup_site_ struct site site = SITE_CLOSED;
	struct site_fetcher folder;
	struct run run = { .counter.fetcher = { count_metadata, count_target } };
	uint64_t rounds, ours = 0, floor, begin;
	long before;
	char *root;

	if (count != 3 || parse_u64_range(arguments[2], 1, 10000, &rounds) < 0)
		return 2;
	if (site_open(arguments[1], &site, &failure) < 0 || chdir(arguments[1]) < 0 ||
	    file_read(site.metadata_fd, "1.root.json", TUF_ROOT_BYTES_MAX, &root, &run.root_size) <
		    0)
		die(&failure, arguments[1]);
	site_fetcher_init(&site, &folder);
	run.counter.other = &folder.fetcher;
	run.root = root;

	before = peak_kib();
	for (uint64_t i = 0; i < rounds; i++) {
		forget();
		begin = cpu_ns();
		refresh(&run);
		fetch_targets(&run);
		ours += cpu_ns() - begin;
		if (i == 0) {
			printf("fwslotd tuf_requests %u\n", run.counter.requests);
			printf("fwslotd tuf_added_kib %ld\n", peak_kib() - before);
		}
		if (i + 1 < rounds)
			finish(&run);
	}
	floor = measure_floor(&run, rounds);
	/* One request for each file that is needed, and nothing in memory. */
	printf("floor tuf_requests %zu\nfloor tuf_quiet_requests 1\nfloor tuf_added_kib 0\n",
	       4 + ARRAY_SIZE(paths) + count_roles(run.client));
	finish(&run);
	refresh(&run);
	printf("fwslotd tuf_quiet_requests %u\n", run.counter.requests);
	finish(&run);
	printf("fwslotd tuf_cpu_us %" PRIu64 "\nfloor tuf_cpu_us %" PRIu64 "\n",
	       ours / rounds / 1000, floor / 1000);
	free(root);
	return 0;
}
