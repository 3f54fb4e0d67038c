/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 300
 *
 * Opening a bundle, each call failing once: the tar file, the TUF client, the stored metadata,
 * the choice of a release, the image. The worker's own code in this process, without its sandbox,
 * which would not open again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "faults.h"
#include "tap.h"
#include "unit/worker-bench.h"
#include "worker/operation.h"
#include "worker/sandbox.h"

static int bundle = -EBADF;
static struct packet *request;
static struct packet *result;

/* WRAP(int, sandbox_enter, ...) in wraps.c: in its place. */
int __wrap_sandbox_enter(const struct sandbox_folder *folders, size_t count,
			 uint64_t file_bytes_max, struct failure *failure);
int __wrap_sandbox_enter(const struct sandbox_folder *folders _unused_, size_t count _unused_,
			 uint64_t file_bytes_max _unused_, struct failure *failure)
{
	return fault_is_due("sandbox_enter") ?
		       fail(failure, REASON_INTERNAL, "The sandbox does not close.") :
		       0;
}

/* No image and no metadata; the source's root stays. */
static void begin_untouched(void)
{
	faults_empty_folder(bench_path("payload"));
	faults_empty_folder(bench_path("trust"));
}

static int open_bundle(struct failure *failure)
{
	int fds[PACKET_FDS_MAX], sockets[2] = { -EBADF, -EBADF }, r;

	faults_pause();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = -EBADF;
	fds[0] = bundle;
	packet_free(TAKE_PTR(result));
	if (lseek(bundle, 0, SEEK_SET) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		tap_bail("no sockets");
	faults_resume();
	r = operation_open_bundle(request, fds, sockets[0], &result, failure);
	faults_pause();
	/* As the worker's main() does: what could not be built cannot be sent. */
	if (r >= 0)
		r = packet_send(sockets[0], result, NULL, 0);
	if (r < 0 && failure->reason == REASON_OK)
		(void)fail_errno(failure, r, "The result could not be built");
	close(sockets[0]);
	close(sockets[1]);
	return r;
}

static bool has_image(void)
{
	_cleanup_free_ char *bytes = NULL;
	const char *digest = result ? packet_get(result, WORKER_KEY_SHA256) : NULL;
	char path[256];
	size_t size;

	if (!digest)
		return false;
	snprintf(path, sizeof(path), "payload/%s", digest);
	return file_read(AT_FDCWD, bench_path(path), IMAGE_BYTES, &bytes, &size) == 0 &&
	       size == IMAGE_BYTES && memcmp(bytes, bench_image, size) == 0;
}

/* An image only with a result that says which, and then the right one, whole. */
static const char *look_opened(int r)
{
	if (r < 0)
		return bench_count_images() > 1 ? "it leaves files" : NULL;
	if (!has_image())
		return "the image is not there";
	if (strcmp(packet_get(result, WORKER_KEY_VERSION), "1.1") != 0)
		return "the result is not complete";
	return bench_count_images() == 1 ? NULL : "it leaves files";
}

/* The machine knows an older state of the repository. */
static void begin_known(void)
{
	_cleanup_failure_ struct failure failure = { 0 };

	begin_untouched();
	if (open_bundle(&failure) < 0)
		tap_bail("%s", failure_message(&failure));
	faults_empty_folder(bench_path("payload"));
}

static const struct fault_story stories[] = {
	{ "a first bundle is opened", begin_untouched, open_bundle, look_opened, false, false },
	{ "a bundle of a known source is opened", begin_known, open_bundle, look_opened, false,
	  false },
};

int main(void)
{
	struct author *author;

	faults_watch_libraries();
	bench_begin();
	author = bench_author(bench_usual_index);
	bench_new_state(author);
	bench_shell("mkdir trust");
	bundle = author_bundle(author);
	request = bench_request(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		faults_try(&stories[i]);
	packet_free(result);
	packet_free(request);
	close(bundle);
	author_free(author);
	bench_end();
	return tap_done();
}
