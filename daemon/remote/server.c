/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * URLs are built, fwslot-fetch brings the bytes. It is not trusted: it could still write
 * into its descriptor when it has said that it is done, so what is handed on is a copy of
 * ours, hashed while it is made.
 */
#include "remote/server.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "remote/partial.h"
#include "remote/stage.h"

#define COPY_BYTES (256 * 1024)
#define HTTP_FORBIDDEN 403 /* what object stores say of a file that is not there */
#define HTTP_NOT_FOUND 404

struct server {
	struct fetcher fetcher;
	struct fetch_client *client;
	const struct io_operations *io;
	int stage_fd;
	char *metadata_url, *targets_url;
	uint64_t bandwidth, total_msec;
	fetch_progressed_t progressed;
	void *userdata;
	char part_name[PARTIAL_NAME_MAX + 1]; /* "": targets come into nameless files */
	bool has_resumed;
};

static struct server *server_of(struct fetcher *fetcher)
{
	return (struct server *)((char *)fetcher - offsetof(struct server, fetcher));
}

/* RFC 3986, "unreserved" and "sub-delims", ":", "@", and "/" as a target's path has it. */
static bool is_plain_in_path(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~!$&'()*+,;=:@/", c));
}

/* @base, "/" where there is none, @path with all else percent-encoded. @is_encoded: it is already. */
static char *make_url(const char *base, const char *path, bool is_encoded)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t length = strlen(base);
	char *url = malloc(length + 1 + 3 * strlen(path) + 1), *end;

	if (!url)
		return NULL;
	end = mempcpy(url, base, length);
	if (length == 0 || base[length - 1] != '/')
		*end++ = '/';
	for (; *path; path++) {
		if (is_plain_in_path(*path) || (is_encoded && *path == '%')) {
			*end++ = *path;
			continue;
		}
		*end++ = '%';
		*end++ = digits[(unsigned char)*path >> 4];
		*end++ = digits[(unsigned char)*path & 15];
	}
	*end = '\0';
	return url;
}

/* As struct fetcher says it: absent, too large, or a failure. */
static int outcome(struct fetch_result *result, struct failure *failure)
{
	enum reason reason = result->failure.reason;

	if (reason == REASON_OK)
		return 0;
	if (result->status == HTTP_NOT_FOUND || result->status == HTTP_FORBIDDEN)
		return -ENOENT;
	if (failure) {
		failure_move(failure, &result->failure);
		failure->retry_after_sec = result->retry_after_sec;
	}
	return reason_errno(reason);
}

/* What comes of the file @path below @base into @fd. @is_encoded as for make_url(), @request has the rest. */
static int fetch(struct server *server, const char *base, const char *path, bool is_encoded,
		 struct fetch_request *request, int fd, fetch_progressed_t progressed,
		 void *userdata, struct failure *failure)
{
	_cleanup_free_ char *url = make_url(base, path, is_encoded);
	_cleanup_fetch_result_ struct fetch_result result = { 0 };

	if (!url)
		return fail_memory(failure);
	request->url = url;
	request->bandwidth = server->bandwidth;
	request->total_msec = server->total_msec;
	(void)fetch_client_run(server->client, request, fd, progressed, userdata, &result);
	return outcome(&result, failure);
}

/* The same into a nameless file. */
static int bring(struct server *server, const char *base, const char *path, bool is_encoded,
		 uint64_t max_bytes, struct stage *ret, struct failure *failure)
{
	struct fetch_request request = { .max_bytes = max_bytes };
	struct stage stage;
	int r;

	r = stage_begin(server->io, server->stage_fd, &stage, failure);
	if (r < 0)
		return r;
	r = fetch(server, base, path, is_encoded, &request, stage.fd, NULL, NULL, failure);
	if (r < 0)
		stage_drop(&stage);
	else
		*ret = stage;
	return r;
}

static int fetch_metadata(struct fetcher *fetcher, const char *file_name, size_t max_bytes,
			  char **ret, size_t *ret_size, struct failure *failure)
{
	struct server *server = server_of(fetcher);
	struct stage stage;
	int r;

	/* Names of roles in it are percent-encoded by the client. */
	r = bring(server, server->metadata_url, file_name, true, max_bytes, &stage, failure);
	if (r < 0)
		return r;
	if (lseek(stage.fd, 0, SEEK_SET) < 0)
		r = -errno;
	else
		r = file_read_fd(stage.fd, max_bytes, ret, ret_size);
	stage_drop(&stage);
	if (r == -EFBIG)
		return fail(failure, REASON_TOO_LARGE, "metadata/%s grew while it was read.",
			    file_name);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read what was fetched");
	return 0;
}

/* Into a file that nobody else has a descriptor of. */
static int copy(struct server *server, int from, uint64_t max_bytes, struct fetched_file *ret,
		struct failure *failure)
{
	_cleanup_free_ char *buffer = malloc(COPY_BYTES);
	struct stage stage;
	ssize_t bytes;
	int r;

	if (!buffer)
		return fail_memory(failure);
	r = stage_begin(server->io, server->stage_fd, &stage, failure);
	if (r < 0)
		return r;
	while (r >= 0 && (bytes = pread(from, buffer, COPY_BYTES, (off_t)stage.size)) != 0) {
		if (bytes < 0)
			r = fail_errno(failure, errno, "Cannot read what was fetched");
		else if ((uint64_t)bytes > max_bytes - stage.size)
			r = fail(failure, REASON_TOO_LARGE, "The file grew while it was read.");
		else
			r = stage_write(&stage, buffer, (size_t)bytes, failure);
	}
	if (r < 0)
		stage_drop(&stage);
	else
		stage_end(&stage, ret);
	return r;
}

/* A part under way, as its progress sees it. */
struct part_run {
	struct server *server;
	struct partial partial;
	bool is_noted;
};

/* The first news is that the server has answered: by what it knows the file must be written down at once. */
static void on_part_progress(const struct fetch_progress *progress, void *userdata)
{
	struct part_run *run = userdata;

	if (!run->is_noted && partial_note(&run->partial, progress->validator) < 0)
		log_warning("The download %s cannot be gone on with later.", run->partial.name);
	run->is_noted = true;
	if (run->server->progressed)
		run->server->progressed(progress, run->server->userdata);
}

static int fetch_part(struct server *server, const char *path, uint64_t max_bytes,
		      struct fetched_file *ret, struct failure *failure)
{
	struct fetch_request request = { .max_bytes = max_bytes };
	struct part_run run = { .server = server };
	int r = partial_open(server->io, server->stage_fd, server->part_name, &run.partial,
			     failure);

	if (r < 0)
		return r;
	server->has_resumed = run.partial.resume.bytes > 0;
	/* All of it may have come just before a crash. */
	if (run.partial.resume.bytes != max_bytes) {
		if (run.partial.resume.bytes < max_bytes)
			fetch_resume_apply(&run.partial.resume, &request);
		r = fetch(server, server->targets_url, path, false, &request, run.partial.fd,
			  on_part_progress, &run, failure);
	}
	if (r >= 0)
		r = copy(server, run.partial.fd, max_bytes, ret, failure);
	partial_close(&run.partial);
	return r;
}

static int fetch_target(struct fetcher *fetcher, const char *path, uint64_t max_bytes,
			struct fetched_file *ret, struct failure *failure)
{
	struct server *server = server_of(fetcher);
	struct stage stage;
	int r;

	if (server->part_name[0])
		return fetch_part(server, path, max_bytes, ret, failure);
	r = bring(server, server->targets_url, path, false, max_bytes, &stage, failure);
	if (r < 0)
		return r;
	r = copy(server, stage.fd, max_bytes, ret, failure);
	stage_drop(&stage);
	return r;
}

void server_resume_as(struct server *server, const char *name)
{
	snprintf(server->part_name, sizeof(server->part_name), "%s", name);
}

void server_forget_part(struct server *server)
{
	if (server->part_name[0])
		partial_remove(server->io, server->stage_fd, server->part_name);
}

bool server_has_resumed(const struct server *server)
{
	return server->has_resumed;
}

int server_new(const struct server_options *options, struct server **ret, struct failure *failure)
{
	_cleanup_server_ struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return fail_memory(failure);
	server->fetcher = (struct fetcher){ fetch_metadata, fetch_target };
	server->client = options->client;
	server->io = options->io;
	server->stage_fd = options->stage_fd;
	server->bandwidth = options->bandwidth;
	server->total_msec = options->total_msec;
	server->progressed = options->progressed;
	server->userdata = options->userdata;
	server->metadata_url = strdup(options->metadata_url);
	server->targets_url = strdup(options->targets_url);
	if (!server->metadata_url || !server->targets_url)
		return fail_memory(failure);
	*ret = TAKE_PTR(server);
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	free(server->metadata_url);
	free(server->targets_url);
	free(server);
}

struct fetcher *server_fetcher(struct server *server)
{
	return &server->fetcher;
}
