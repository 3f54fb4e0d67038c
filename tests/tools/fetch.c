/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fetch [OPTION...] URL FILE [URL FILE...]: fwslot-fetch's client on the command line, for
 * tests. All pairs are fetched in one session; each says how it ended in lines KEY=value.
 * The status is that of the last: 0 if its file is there.
 *
 *   --program FILE | --socket PATH   start a service of our own, or use the one there
 *   --async                          in an sd-event loop instead of blocking
 *   --retries N                      go on by resuming after failures that may pass
 *   --sha256                         hash the file while it arrives
 *   --cancel-after BYTES             cancel when that many have arrived
 *   --kill-after BYTES               kill our own service then
 *   --verbose                        tell the service's process and each progress
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/parse.h"
#include "remote/fetch-client.h"
#include "remote/fetch-spawn.h"
#include "remote/fetch-watch.h"

#define HASH_PIECE_BYTES 65536

struct options {
	const char *program, *socket;
	const char *resume; /* "BYTES:VALIDATOR" */
	struct fetch_identity identity;
	struct fetch_request request;
	uint64_t retries, cancel_after, kill_after;
	bool is_async, with_hash, is_verbose;
};

/* One run of the program. */
struct run {
	struct options options;
	struct fetch_client *client;
	pid_t pid; /* of the service; 0: not ours */
	int fd; /* of the file */
	struct hash *hash;
	uint64_t hashed; /* bytes */
	bool is_killed, is_cancelled;
};

static void die(const char *text)
{
	fprintf(stderr, "fetch: %s\n", text);
	exit(2);
}

static uint64_t number(const char *text)
{
	uint64_t value;

	if (parse_u64(text, &value) < 0)
		die("not a number");
	return value;
}

/* A PKCS#11 URI stays text, anything else is opened. */
static void name_or_file(const char *text, const char **name, int *fd)
{
	if (strncmp(text, "pkcs11:", 7) == 0) {
		*name = text;
		return;
	}
	*fd = open(text, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		die(strerror(errno));
}

enum option_name {
	OPTION_PROGRAM = 1,
	OPTION_SOCKET,
	OPTION_ASYNC,
	OPTION_RETRIES,
	OPTION_SHA256,
	OPTION_CANCEL_AFTER,
	OPTION_KILL_AFTER,
	OPTION_VERBOSE,
	OPTION_TRUST,
	OPTION_PIN,
	OPTION_CA,
	OPTION_CERTIFICATE,
	OPTION_KEY,
	OPTION_PASSWORD,
	OPTION_PROXY,
	OPTION_MAX,
	OPTION_EXACT,
	OPTION_RESUME,
	OPTION_NONE_MATCH,
	OPTION_CONNECT,
	OPTION_TOTAL,
	OPTION_LOW_SPEED_BYTES,
	OPTION_LOW_SPEED_SEC,
	OPTION_BANDWIDTH,
};

static const struct option option_rows[] = {
	{ "program", 1, NULL, OPTION_PROGRAM },
	{ "socket", 1, NULL, OPTION_SOCKET },
	{ "async", 0, NULL, OPTION_ASYNC },
	{ "retries", 1, NULL, OPTION_RETRIES },
	{ "sha256", 0, NULL, OPTION_SHA256 },
	{ "cancel-after", 1, NULL, OPTION_CANCEL_AFTER },
	{ "kill-after", 1, NULL, OPTION_KILL_AFTER },
	{ "verbose", 0, NULL, OPTION_VERBOSE },
	{ "trust", 1, NULL, OPTION_TRUST },
	{ "pin", 1, NULL, OPTION_PIN },
	{ "ca", 1, NULL, OPTION_CA },
	{ "certificate", 1, NULL, OPTION_CERTIFICATE },
	{ "key", 1, NULL, OPTION_KEY },
	{ "password", 1, NULL, OPTION_PASSWORD },
	{ "proxy", 1, NULL, OPTION_PROXY },
	{ "max", 1, NULL, OPTION_MAX },
	{ "exact", 1, NULL, OPTION_EXACT },
	{ "resume", 1, NULL, OPTION_RESUME },
	{ "none-match", 1, NULL, OPTION_NONE_MATCH },
	{ "connect-msec", 1, NULL, OPTION_CONNECT },
	{ "total-msec", 1, NULL, OPTION_TOTAL },
	{ "low-speed-bytes", 1, NULL, OPTION_LOW_SPEED_BYTES },
	{ "low-speed-sec", 1, NULL, OPTION_LOW_SPEED_SEC },
	{ "bandwidth", 1, NULL, OPTION_BANDWIDTH },
	{ 0 },
};

static void take_identity_option(struct fetch_identity *identity, int name, const char *text)
{
	switch (name) {
	case OPTION_TRUST:
		identity->trust = text;
		break;
	case OPTION_PIN:
		identity->pinned_key = text;
		break;
	case OPTION_CA:
		identity->ca_fd = open(text, O_RDONLY | O_CLOEXEC);
		if (identity->ca_fd < 0)
			die(strerror(errno));
		break;
	case OPTION_CERTIFICATE:
		name_or_file(text, &identity->certificate, &identity->certificate_fd);
		break;
	case OPTION_KEY:
		name_or_file(text, &identity->private_key, &identity->private_key_fd);
		break;
	case OPTION_PASSWORD:
		identity->key_password = text;
		break;
	case OPTION_PROXY:
		identity->proxy = text;
		break;
	}
}

static void take_request_option(struct options *options, int name, const char *text)
{
	struct fetch_request *request = &options->request;

	switch (name) {
	case OPTION_MAX:
		request->max_bytes = number(text);
		break;
	case OPTION_EXACT:
		request->is_length_known = true;
		request->length_bytes = number(text);
		break;
	case OPTION_RESUME:
		options->resume = text;
		break;
	case OPTION_NONE_MATCH:
		request->if_none_match = text;
		break;
	case OPTION_CONNECT:
		request->connect_msec = number(text);
		break;
	case OPTION_TOTAL:
		request->total_msec = number(text);
		break;
	case OPTION_LOW_SPEED_BYTES:
		request->low_speed_bytes = number(text);
		break;
	case OPTION_LOW_SPEED_SEC:
		request->low_speed_sec = number(text);
		break;
	case OPTION_BANDWIDTH:
		request->bandwidth = number(text);
		break;
	}
}

static void take_option(struct options *options, int name, const char *text)
{
	switch (name) {
	case OPTION_PROGRAM:
		options->program = text;
		break;
	case OPTION_SOCKET:
		options->socket = text;
		break;
	case OPTION_ASYNC:
		options->is_async = true;
		break;
	case OPTION_RETRIES:
		options->retries = number(text);
		break;
	case OPTION_SHA256:
		options->with_hash = true;
		break;
	case OPTION_CANCEL_AFTER:
		options->cancel_after = number(text);
		break;
	case OPTION_KILL_AFTER:
		options->kill_after = number(text);
		break;
	case OPTION_VERBOSE:
		options->is_verbose = true;
		break;
	case '?':
		die("unknown option");
		break;
	default:
		take_identity_option(&options->identity, name, text);
		take_request_option(options, name, text);
	}
}

/* Hashes what has arrived since the last time, while more arrives. */
static void hash_arrived(struct run *run, uint64_t bytes)
{
	static uint8_t piece[HASH_PIECE_BYTES];

	while (run->hash && run->hashed < bytes) {
		uint64_t left = bytes - run->hashed;
		ssize_t n = pread(run->fd, piece, left < sizeof(piece) ? left : sizeof(piece),
				  (off_t)run->hashed);

		if (n <= 0)
			die("the file is shorter than what was said to be in it");
		hash_update(run->hash, piece, (size_t)n);
		run->hashed += (uint64_t)n;
	}
}

static void hash_begin_anew(struct run *run)
{
	hash_free(run->hash);
	run->hash = NULL;
	run->hashed = 0;
	if (run->options.with_hash && hash_begin(HASH_SHA256, &run->hash) < 0)
		die("no memory");
}

static void progressed(const struct fetch_progress *progress, void *userdata)
{
	struct run *run = userdata;

	if (run->options.is_verbose)
		printf("progress=%" PRIu64 "\n", progress->bytes);
	if (run->options.cancel_after > 0 && !run->is_cancelled &&
	    progress->bytes >= run->options.cancel_after) {
		run->is_cancelled = true;
		(void)fetch_client_cancel(run->client);
	}
	if (run->options.kill_after > 0 && run->pid > 0 && !run->is_killed &&
	    progress->bytes >= run->options.kill_after) {
		run->is_killed = true;
		kill(run->pid, SIGKILL);
	}
	if (progress->bytes < run->hashed) /* the server made us start over */
		hash_begin_anew(run);
	hash_arrived(run, progress->bytes);
}

static uint64_t msec_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000;
}

/* Ends the session, and a service of our own with it. */
static void disconnect(struct run *run)
{
	struct rusage usage;
	int status;

	fetch_client_free(run->client);
	run->client = NULL;
	if (run->pid > 0 && wait4(run->pid, &status, 0, &usage) == run->pid &&
	    run->options.is_verbose)
		printf("service-status=%d\nservice-peak-kib=%ld\nservice-cpu-msec=%" PRIu64 "\n",
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
		       usage.ru_maxrss, msec_of(&usage.ru_utime) + msec_of(&usage.ru_stime));
	run->pid = 0;
}

static void session_open(struct run *run)
{
	struct failure failure = { 0 };
	int r;

	if (run->options.program)
		r = fetch_spawn(run->options.program, &run->client, &run->pid, &failure);
	else
		r = fetch_client_connect(run->options.socket, &run->client, &failure);
	if (r >= 0)
		r = fetch_client_open(run->client, &run->options.identity, &failure);
	if (r < 0) {
		printf("reason=%s\nmessage=%s\n", reason_word(failure.reason),
		       failure_message(&failure));
		exit(1);
	}
	if (run->options.is_verbose)
		printf("service=%d\n", run->pid);
}

/* The asynchronous way, driven to its end. */
struct async {
	struct run *run;
	sd_event *event;
	struct fetch_result *result;
};

static void async_progressed(const struct fetch_progress *progress, void *userdata)
{
	progressed(progress, ((struct async *)userdata)->run);
}

static void async_ended(const struct fetch_result *result, void *userdata)
{
	struct async *async = userdata;

	*async->result = *result;
	async->result->failure.message = strdup(failure_message(&result->failure));
	sd_event_exit(async->event, 0);
}

static void run_async(struct run *run, const struct fetch_request *request,
		      struct fetch_result *ret)
{
	static const struct fetch_watch_events events = { async_progressed, async_ended };
	struct async async = { run, NULL, ret };
	struct fetch_watch *watch = NULL;

	if (sd_event_new(&async.event) < 0 ||
	    fetch_watch_new(async.event, run->client, &events, &async, &watch) < 0)
		die("no event loop");
	if (fetch_watch_start(watch, request, run->fd, &ret->failure) >= 0)
		sd_event_loop(async.event);
	fetch_watch_free(watch); /* and the client */
	run->client = NULL;
	sd_event_unref(async.event);
}

static void print_result(struct run *run, const struct fetch_result *result)
{
	if (run->hash && result->failure.reason == REASON_OK) {
		uint8_t digest[SHA256_BYTES];
		char text[SHA256_TEXT_SIZE];

		if (run->hashed > result->bytes)
			hash_begin_anew(run);
		hash_arrived(run, result->bytes);
		hash_finish(run->hash, digest);
		printf("sha256=%s\n", hex_encode(digest, sizeof(digest), text));
	}
	printf("reason=%s\nstatus=%u\nbytes=%" PRIu64 "\n", reason_word(result->failure.reason),
	       result->status, result->bytes);
	if (result->failure.reason != REASON_OK)
		printf("message=%s\n", failure_message(&result->failure));
	if (result->validator[0])
		printf("validator=%s\n", result->validator);
	if (result->entity_tag[0])
		printf("etag=%s\n", result->entity_tag);
	if (result->is_not_modified)
		printf("not-modified=1\n");
	if (result->retry_after_sec > 0)
		printf("retry-after=%" PRIu64 "\n", result->retry_after_sec);
}

static void read_resume(const char *text, struct fetch_resume *ret)
{
	const char *colon = strchr(text, ':');
	char bytes[24] = "";

	if (!colon || (size_t)(colon - text) >= sizeof(bytes) ||
	    strlen(colon + 1) > FETCH_VALIDATOR_MAX)
		die("--resume BYTES:VALIDATOR");
	memcpy(bytes, text, (size_t)(colon - text));
	ret->bytes = number(bytes);
	strcpy(ret->validator, colon + 1);
}

/* One file, with retries; each in a new session if the old one is no more. */
static enum reason fetch_file(struct run *run, const char *url, const char *path)
{
	struct fetch_request request = run->options.request;
	struct fetch_resume resume = { 0 };
	struct fetch_result result = { 0 };
	enum reason reason;

	request.url = url;
	run->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (run->fd < 0)
		die(strerror(errno));
	if (run->options.resume)
		read_resume(run->options.resume, &resume);
	hash_begin_anew(run);
	for (uint64_t attempt = 0;; attempt++) {
		if (!run->client || !fetch_client_is_usable(run->client)) {
			disconnect(run);
			session_open(run);
		}
		fetch_resume_apply(&resume, &request);
		if (run->options.is_async)
			run_async(run, &request, &result);
		else
			(void)fetch_client_run(run->client, &request, run->fd, progressed, run,
					       &result);
		fetch_resume_keep(&resume, &result);
		if (attempt >= run->options.retries || !fetch_is_passing(result.failure.reason))
			break;
		if (run->options.is_verbose)
			printf("retry=%s from=%" PRIu64 "\n", reason_word(result.failure.reason),
			       resume.bytes);
		fetch_result_clear(&result);
	}
	print_result(run, &result);
	reason = result.failure.reason;
	fetch_result_clear(&result);
	close_fd(run->fd);
	return reason;
}

int main(int argc, char **argv)
{
	struct run run = { .options = { .identity = FETCH_IDENTITY_DEFAULT,
					.request = { .max_bytes = UINT64_C(1) << 30 } } };
	enum reason reason = REASON_OK;
	int name;

	while ((name = getopt_long(argc, argv, "", option_rows, NULL)) >= 0)
		take_option(&run.options, name, optarg);
	if (optind == argc || (argc - optind) % 2 != 0)
		die("usage: fetch [OPTION...] URL FILE [URL FILE...]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = optind; i < argc; i += 2)
		reason = fetch_file(&run, argv[i], argv[i + 1]);
	disconnect(&run);
	hash_free(run.hash);
	return reason == REASON_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
