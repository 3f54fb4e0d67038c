/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our TUF client for the command line, as the public conformance suite of The Update Framework
 * drives clients. It adds nothing to the library's: fetching is fwslot-fetch's, waited for.
 *
 *   tuf-client --metadata-dir D init ROOT
 *   tuf-client --metadata-dir D --metadata-url U refresh
 *   tuf-client --metadata-dir D --metadata-url U --target-base-url T --target-dir O
 *              --target-name P [--target-name P ...] download
 *
 * Trusted metadata is D/<role>.json; a target becomes O/<percent-encoded name>. Status 0, or 1
 * with a sentence on standard error, or 2 for a wrong command line. The fwslot-fetch beside
 * this program is used, or $FWSLOT_FETCH.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "remote/fetch-spawn.h"
#include "remote/server.h"
#include "trust/client.h"
#include "trust/limits.h"
#include "trust/names.h"

#define TARGETS_MAX 64
#define FOLDER_MODE 0755
#define FILE_MODE 0644

struct options {
	const char *metadata_folder, *metadata_url, *targets_url, *targets_folder;
	const char *targets[TARGETS_MAX];
	size_t target_count;
};

/* What one call works with. */
struct run {
	struct options options;
	struct trust_store *store;
	struct fetch_client *fetch;
	pid_t fetch_pid;
	struct server *server;
	struct trust_client *client;
	int stage_fd;
};

enum option_name { METADATA_DIR = 1, METADATA_URL, TARGET_NAME, TARGET_BASE_URL, TARGET_DIR };

static const struct option option_rows[] = {
	{ "metadata-dir", required_argument, NULL, METADATA_DIR },
	{ "metadata-url", required_argument, NULL, METADATA_URL },
	{ "target-name", required_argument, NULL, TARGET_NAME },
	{ "target-base-url", required_argument, NULL, TARGET_BASE_URL },
	{ "target-dir", required_argument, NULL, TARGET_DIR },
	{ NULL, 0, NULL, 0 },
};

static _Noreturn void wrong(const char *what)
{
	fprintf(stderr, "tuf-client: %s\n", what);
	exit(2);
}

static void take_option(struct options *options, int name, const char *value)
{
	if (name == METADATA_DIR)
		options->metadata_folder = value;
	else if (name == METADATA_URL)
		options->metadata_url = value;
	else if (name == TARGET_BASE_URL)
		options->targets_url = value;
	else if (name == TARGET_DIR)
		options->targets_folder = value;
	else if (name != TARGET_NAME)
		exit(2);
	else if (options->target_count == TARGETS_MAX)
		wrong("more targets than it takes at a time (64)");
	else
		options->targets[options->target_count++] = value;
}

/* D's last part is the store's name in the folder above. */
static int open_store(struct run *run, struct failure *failure)
{
	_cleanup_free_ char *above = strdup(run->options.metadata_folder);
	_cleanup_free_ char *last = strdup(run->options.metadata_folder);
	_cleanup_close_ int fd = -EBADF;

	if (!above || !last)
		return fail_memory(failure);
	fd = folder_open(&io_default, AT_FDCWD, dirname(above), false, FOLDER_MODE);
	if (fd < 0)
		return fail_errno(failure, fd, "Cannot open the folder of %s",
				  run->options.metadata_folder);
	return trust_store_open(&io_default, fd, basename(last), &run->store, failure);
}

/* Its own place in the file system, and fwslot-fetch in it. */
static int start_fetch(struct run *run, struct failure *failure)
{
	char beside[PATH_MAX + sizeof("/fwslot-fetch")];
	const char *program = getenv("FWSLOT_FETCH");
	ssize_t length;
	int r;

	if (!program) {
		length = readlink("/proc/self/exe", beside, PATH_MAX);
		if (length < 0)
			return fail_errno(failure, errno, "Cannot find this program");
		beside[length] = '\0';
		strcpy(strrchr(beside, '/'), "/fwslot-fetch");
		program = beside;
	}
	r = fetch_spawn(program, &run->fetch, &run->fetch_pid, failure);
	if (r >= 0)
		r = fetch_client_open(run->fetch, &FETCH_IDENTITY_DEFAULT, failure);
	return r;
}

static int open_client(struct run *run, const char *stage, struct failure *failure)
{
	const struct options *options = &run->options;
	int r = open_store(run, failure);

	if (r >= 0)
		r = start_fetch(run, failure);
	if (r < 0)
		return r;
	run->stage_fd = folder_open(&io_default, AT_FDCWD, stage, true, FOLDER_MODE);
	if (run->stage_fd < 0)
		return fail_errno(failure, run->stage_fd, "Cannot open the folder %s", stage);
	r = server_new(
		&(struct server_options){
			.client = run->fetch,
			.io = &io_default,
			.stage_fd = run->stage_fd,
			.metadata_url = options->metadata_url,
			.targets_url = options->targets_url ? options->targets_url : "",
		},
		&run->server, failure);
	if (r >= 0)
		r = trust_client_new(run->store, server_fetcher(run->server), CLIENT_FETCH,
				     time_now_realtime(), NULL, 0, &run->client, failure);
	return r;
}

static void close_run(struct run *run)
{
	trust_client_free(run->client);
	server_free(run->server);
	fetch_client_free(run->fetch);
	if (run->fetch_pid > 0)
		(void)waitpid(run->fetch_pid, NULL, 0);
	trust_store_close(run->store);
	close_fd(run->stage_fd);
}

/* The file ROOT is trusted because somebody says so here; it must be signed by itself. */
static int init(struct run *run, const char *path, struct failure *failure)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = file_read(AT_FDCWD, path, TUF_ROOT_BYTES_MAX, &bytes, &size);

	if (r < 0)
		return fail_errno(failure, r, "Cannot read %s", path);
	r = open_store(run, failure);
	if (r >= 0)
		r = trust_client_new(run->store, NULL, CLIENT_STORED, time_now_realtime(), bytes,
				     size, &run->client, failure);
	if (r >= 0)
		r = trust_store_save(run->store, "root", bytes, size, failure);
	return r;
}

static int refresh(struct run *run, const char *stage, struct failure *failure)
{
	int r = open_client(run, stage, failure);

	return r < 0 ? r : trust_client_refresh(run->client, failure);
}

/* Gives a nameless file its name, replacing what had it. */
static int name_file(struct run *run, int fd, const char *target, struct failure *failure)
{
	_cleanup_free_ char *name = metadata_file_name(target, 0);
	static const char temporary[] = ".target.new";
	int r;

	if (!name)
		return fail_memory(failure);
	name[strlen(name) - strlen(".json")] = '\0';
	if (fchmod(fd, FILE_MODE) < 0)
		return fail_errno(failure, errno, "Cannot make %s readable", name);
	(void)unlinkat(run->stage_fd, temporary, 0);
	r = io_default.link_fd(&io_default, fd, run->stage_fd, temporary);
	if (r >= 0)
		r = io_default.rename(&io_default, run->stage_fd, temporary, name);
	return r < 0 ? fail_errno(failure, r, "Cannot write %s", name) : 0;
}

static int download_one(struct run *run, const char *path, struct failure *failure)
{
	struct fetched_file file = { .fd = -EBADF };
	struct target target;
	int r = trust_client_find_target(run->client, path, &target, failure);

	if (r >= 0)
		r = trust_client_fetch_target(run->client, &target, &file, failure);
	if (r >= 0)
		r = name_file(run, file.fd, path, failure);
	close_fd(file.fd);
	return r;
}

static int download(struct run *run, struct failure *failure)
{
	int r = refresh(run, run->options.targets_folder, failure);

	for (size_t i = 0; r >= 0 && i < run->options.target_count; i++)
		r = download_one(run, run->options.targets[i], failure);
	return r;
}

static int perform(struct run *run, const char *command, const char *argument,
		   struct failure *failure)
{
	const struct options *options = &run->options;

	if (!options->metadata_folder)
		wrong("--metadata-dir is needed");
	if (strcmp(command, "init") == 0) {
		if (!argument)
			wrong("init needs a file: the root to trust");
		return init(run, argument, failure);
	}
	if (argument)
		wrong("too many arguments");
	if (!options->metadata_url)
		wrong("--metadata-url is needed");
	if (strcmp(command, "refresh") == 0)
		return refresh(run, options->metadata_folder, failure);
	if (strcmp(command, "download") != 0)
		wrong("the command must be init, refresh or download");
	if (!options->targets_url || !options->targets_folder || !options->target_count)
		wrong("download needs --target-base-url, --target-dir and --target-name");
	return download(run, failure);
}

int main(int argc, char **argv)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct run run = { .stage_fd = -EBADF };
	int name, r;

	while ((name = getopt_long(argc, argv, "", option_rows, NULL)) >= 0)
		take_option(&run.options, name, optarg);
	if (argc - optind < 1 || argc - optind > 2)
		wrong("one command is needed: init ROOT, refresh or download");
	r = perform(&run, argv[optind], argv[optind + 1], &failure);
	close_run(&run);
	if (r >= 0)
		return 0;
	fprintf(stderr, "tuf-client: %s: %s\n", reason_word(failure.reason),
		failure_message(&failure));
	return 1;
}
