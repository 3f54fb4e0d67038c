/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OP=open-bundle: the steps in order, and what is told of their result. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "remote/bundle.h"
#include "remote/remotes.h"
#include "remote/stage.h"
#include "worker/authenticate.h"
#include "worker/describe.h"
#include "worker/operation.h"
#include "worker/reply.h"
#include "worker/request.h"
#include "worker/sandbox.h"

/* Of the progress shown: reading and hashing is nearly all of the time. */
#define READING_PERCENT 95

/* What the worker works on: opened before the sandbox closes. */
struct workplace {
	int stage_fd;
	int trust_fd;
	struct remotes remotes;
};

static void workplace_clear(struct workplace *workplace)
{
	close_fd(workplace->stage_fd);
	close_fd(workplace->trust_fd);
	remotes_clear(&workplace->remotes);
}

static int workplace_open(const struct bundle_request *request, struct workplace *workplace,
			  struct failure *failure)
{
	workplace->stage_fd = folder_open(&io_default, AT_FDCWD, request->stage_folder, false, 0);
	if (workplace->stage_fd < 0)
		return fail_errno(failure, workplace->stage_fd,
				  "Cannot open the folder of images %s", request->stage_folder);
	workplace->trust_fd = folder_open(&io_default, AT_FDCWD, request->trust_folder, true, 0700);
	if (workplace->trust_fd < 0)
		return fail_errno(failure, workplace->trust_fd,
				  "Cannot open the folder of trusted metadata %s",
				  request->trust_folder);
	return remotes_load(request->roots_folders, request->roots_folder_count,
			    &workplace->remotes, failure);
}

static int enter_sandbox(const struct bundle_request *request, struct failure *failure)
{
	const struct sandbox_folder folders[] = {
		{ request->stage_folder, FOLDER_WRITE },
		{ request->trust_folder, FOLDER_WRITE },
	};

	return sandbox_enter(folders, ARRAY_SIZE(folders), request->max_bytes, failure);
}

static void report_reading(void *userdata, uint64_t done, uint64_t total)
{
	progress_report(userdata, done * READING_PERCENT, total * 100);
}

static struct packet *describe(const struct authenticated *found)
{
	struct packet *result = result_new();

	if (!result)
		return NULL;
	describe_offer(result, &found->offer, found->remote);
	describe_image(result, &found->image);
	(void)packet_add_u64(result, WORKER_KEY_IS_STALE, found->is_stale);
	return result;
}

static int open_bundle(int fd, const struct bundle_request *request,
		       const struct workplace *workplace, int socket, struct packet **ret,
		       struct failure *failure)
{
	struct progress progress = { .socket = socket, .percent = -1 };
	const struct bundle_options bundle_options = {
		.io = &io_default,
		.stage_fd = workplace->stage_fd,
		.max_bytes = request->max_bytes,
		.hardware_ids = request->device.hardware_ids,
		.hardware_id_count = request->device.hardware_id_count,
		.progress = report_reading,
		.userdata = &progress,
	};
	const struct authenticate_options options = {
		.io = &io_default,
		.trust_fd = workplace->trust_fd,
		.remotes = &workplace->remotes,
		.now = request->now,
		.accepts_stale = request->accepts_stale,
		.device = &request->device,
	};
	_cleanup_bundle_ struct bundle *bundle = NULL;
	_cleanup_authenticated_ struct authenticated found = { .image.fd = -EBADF };
	int r;

	r = bundle_open(fd, &bundle_options, &bundle, failure);
	if (r >= 0)
		r = authenticate(bundle_fetcher(bundle), &options, &found, failure);
	if (r >= 0)
		r = stage_publish(&io_default, workplace->stage_fd, &found.image, failure);
	if (r < 0)
		return r;
	progress_report(&progress, 100, 100);
	*ret = describe(&found);
	return *ret ? 0 : fail_memory(failure);
}

int operation_open_bundle(const struct packet *packet, const int *fds, int socket,
			  struct packet **ret, struct failure *failure)
{
	_cleanup_bundle_request_ struct bundle_request request = { 0 };
	_cleanup_(workplace_clear) struct workplace workplace = { .stage_fd = -EBADF,
								  .trust_fd = -EBADF };
	int r;

	if (fds[0] < 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "%s needs the bundle.",
			    WORKER_OPEN_BUNDLE);
	r = bundle_request_parse(packet, &request, failure);
	if (r >= 0)
		r = workplace_open(&request, &workplace, failure);
	if (r >= 0)
		r = enter_sandbox(&request, failure);
	return r < 0 ? r : open_bundle(fds[0], &request, &workplace, socket, ret, failure);
}
