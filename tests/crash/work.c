/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The work of jobs, done at a turn of the world through the daemon's own operations. */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/payload.h"
#include "remote/stage.h"

#define PIECE_BYTES 100

/* Writes the authenticated image as the worker does. */
static int stage_image(struct lab *lab, const uint8_t *image, struct failure *failure)
{
	_cleanup_close_ int folder = -EBADF;
	struct fetched_file file = { .fd = -EBADF };
	struct stage stage = { .fd = -EBADF };
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/payload", disk_folder(lab->disk));
	folder = folder_open(lab->ops.io, AT_FDCWD, path, false, 0);
	if (folder < 0)
		return fail_errno(failure, folder, "no folder of images");
	r = stage_begin(lab->ops.io, folder, &stage, failure);
	for (size_t done = 0; r >= 0 && done < IMAGE_BYTES; done += PIECE_BYTES)
		r = stage_write(&stage, image + done, PIECE_BYTES, failure);
	if (r < 0) {
		stage_drop(&stage);
		return r;
	}
	stage_end(&stage, &file);
	r = stage_publish(lab->ops.io, folder, &file, failure);
	close_fd(file.fd);
	return r;
}

static void verify(struct lab *lab, struct job *job)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job_release release = { .counter = NEW_VERSION,
				       .new_floor = NEW_VERSION,
				       .length_bytes = IMAGE_BYTES };
	uint8_t image[IMAGE_BYTES];
	int r = 0;

	if (lab->scenario->bundle_is_bad) {
		manager_work_ended(job, WORK_VERIFY, REASON_BAD_SIGNATURE, "Not signed.");
		return;
	}
	lab_new_image(lab, image, release.digest);
	snprintf(release.version, sizeof(release.version), "%d.0", NEW_VERSION);
	if (lab->scenario->slot_label)
		snprintf(release.slot_label, sizeof(release.slot_label), "%s",
			 lab->scenario->slot_label);
	r = stage_image(lab, image, &failure);
	if (lab->stopper.is_stopped)
		return;
	job->knowledge.release = release;
	manager_work_ended(job, WORK_VERIFY, r < 0 ? failure.reason : REASON_OK,
			   failure_message(&failure));
}

static int send_piece(struct lab *lab, struct lab_device *device, const char *bytes, size_t size)
{
	char piece[PIECE_BYTES];
	int r;

	if (stopper_begin(&lab->stopper, OPERATION_ORDER) == MAY_NOT)
		return -EIO;
	memcpy(piece, bytes, size);
	if (message_is_faulty(&lab->messages, MESSAGE_DATA))
		piece[size / 2] ^= 4;
	r = device_load_data(device, piece, size);
	stopper_end(&lab->stopper);
	return r;
}

static void copy(struct lab *lab, unsigned index, struct job *job)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int fd = payload_open(lab->manager, job->record.digest), r = fd;

	if (fd >= 0) {
		r = file_read_fd(fd, FLASH_SLOT_BYTES, &text, &size);
		close(fd);
	}
	for (size_t done = 0; r >= 0 && done < size; done += PIECE_BYTES)
		r = send_piece(lab, &lab->devices[index], text + done,
			       size - done < PIECE_BYTES ? size - done : PIECE_BYTES);
	if (lab->stopper.is_stopped)
		return;
	/* A device that went ends the work by the daemon itself. */
	if (!lab->devices[index].is_on)
		return;
	manager_work_ended(job, WORK_COPY, r < 0 ? REASON_TRANSFER_FAILED : REASON_OK, NULL);
}

void work_turn(struct lab *lab, unsigned index)
{
	struct job *job = lab_job_of(lab, index);

	if (!job)
		return;
	lab->at_work = index;
	if (job->knowledge.verify == WORK_RUNNING) {
		verify(lab, job);
	} else if (job->knowledge.copy == WORK_RUNNING) {
		copy(lab, index, job);
	} else if (job->knowledge.health == WORK_RUNNING) {
		bool is_ill = lab->scenario->behaviour == IMAGE_UNHEALTHY;

		manager_work_ended(job, WORK_HEALTH, is_ill ? REASON_HEALTH_FAILED : REASON_OK,
				   is_ill ? "It is ill." : NULL);
	}
}
