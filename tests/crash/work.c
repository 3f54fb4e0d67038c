/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The work of jobs, done at a turn of the world through the daemon's own operations. */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/hex.h"
#include "engine/images.h"
#include "engine/payload.h"
#include "remote/partial.h"
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

/* What fwslot-fetch writes: not through the daemon's operations, but the disk may lose it. */
static int fetch_rest(struct lab *lab, struct partial *partial, const uint8_t *image, size_t until)
{
	for (size_t at = partial->resume.bytes; at < until;) {
		size_t piece = until - at < PIECE_BYTES ? until - at : PIECE_BYTES;
		ssize_t written = lab->ops.io->write_at(lab->ops.io, partial->fd, image + at, piece,
							(off_t)at);

		if (written <= 0)
			return -EIO;
		at += (size_t)written;
	}
	return 0;
}

static bool holds_image(const struct partial *partial, const uint8_t *image)
{
	uint8_t bytes[IMAGE_BYTES];

	return pread(partial->fd, bytes, IMAGE_BYTES, 0) == IMAGE_BYTES &&
	       memcmp(bytes, image, IMAGE_BYTES) == 0;
}

/* Once over: what a power loss made of the part may be anything, then it is begun anew. */
static int fetch_image(struct lab *lab, int folder, const char *name, const uint8_t *image,
		       bool breaks)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct partial partial;
	int r = partial_open(lab->ops.io, folder, name, &partial, &failure);

	if (r >= 0 && partial.resume.bytes > IMAGE_BYTES)
		partial.resume.bytes = 0;
	if (r >= 0 && partial.resume.bytes == 0)
		r = lab->ops.io->truncate(lab->ops.io, partial.fd, 0);
	if (r >= 0)
		r = partial_note(&partial, "\"tag\"");
	if (r >= 0)
		r = fetch_rest(lab, &partial, image, breaks ? IMAGE_BYTES / 2 : IMAGE_BYTES);
	if (r >= 0 && !breaks && !holds_image(&partial, image))
		r = -EBADMSG;
	partial_close(&partial);
	return r;
}

static void end_download(struct job *job, int r, bool breaks)
{
	if (r >= 0 && breaks)
		manager_work_ended(job, WORK_DOWNLOAD, REASON_TIMEOUT, "It is slow.");
	else
		manager_work_ended(job, WORK_DOWNLOAD, r < 0 ? REASON_IO_ERROR : REASON_OK, NULL);
}

/* As the worker does it: some of it, the rest, a look at all of it, the image; and the part goes. */
static void download(struct lab *lab, struct job *job)
{
	bool breaks = lab->scenario->download_breaks && job->knowledge.downloads == 0;
	_cleanup_close_ int folder = images_open_folder(lab->manager, IMAGES_PAYLOAD);
	_cleanup_failure_ struct failure failure = { 0 };
	struct job_release release = { .counter = NEW_VERSION,
				       .new_floor = NEW_VERSION,
				       .length_bytes = IMAGE_BYTES };
	uint8_t image[IMAGE_BYTES];
	const char *name;
	int r;

	lab_new_image(lab, image, release.digest);
	name = images_hex(release.digest);
	snprintf(release.version, sizeof(release.version), "%d.0", NEW_VERSION);
	if (lab->scenario->bundle_is_bad) {
		manager_work_ended(job, WORK_DOWNLOAD, REASON_BAD_SIGNATURE, "Not signed.");
		return;
	}
	r = folder < 0 ? folder : fetch_image(lab, folder, name, image, breaks);
	if (r == -EBADMSG) {
		partial_remove(lab->ops.io, folder, name);
		r = fetch_image(lab, folder, name, image, breaks);
	}
	if (r >= 0 && !breaks)
		r = stage_image(lab, image, &failure);
	if (r >= 0 && !breaks)
		partial_remove(lab->ops.io, folder, name);
	if (lab->stopper.is_stopped)
		return;
	job->knowledge.release = release;
	end_download(job, r, breaks);
}

/* What is read back of a slot. */
struct slot_reading {
	const uint8_t *bytes;
	size_t left;
};

static ssize_t read_slot(void *userdata, void *bytes, size_t size)
{
	struct slot_reading *reading = userdata;

	if (size > reading->left)
		size = reading->left;
	memcpy(bytes, reading->bytes, size);
	reading->bytes += size;
	reading->left -= size;
	return (ssize_t)size;
}

/* Saves what the slot holds as the worker does. */
static void back_up(struct lab *lab, unsigned index, struct job *job)
{
	_cleanup_failure_ struct failure failure = { 0 };
	unsigned slot = (unsigned)job->record.target_slot;
	struct slot_reading reading = { lab->devices[index].flash[slot], IMAGE_BYTES };
	struct job_backup *made = &job->knowledge.made;
	struct backup_summary summary;
	char digest[SHA256_TEXT_SIZE];
	int folder, r;

	if (!lab->devices[index].is_on || lab->devices[index].is_detached)
		return;
	device_visit_loader(&lab->devices[index]);
	folder = r = images_open_folder(lab->manager, IMAGES_BACKUP);
	if (r >= 0)
		r = backup_save(lab->ops.io, folder, &(struct backup_source){ read_slot, &reading },
				FLASH_SLOT_BYTES, NULL, &summary, &failure);
	close_fd(folder);
	if (lab->stopper.is_stopped)
		return;
	if (r >= 0) {
		*made = (struct job_backup){ .length_bytes = summary.length_bytes,
					     .stored_bytes = summary.stored_bytes };
		snprintf(made->digest, sizeof(made->digest), "sha256:%s",
			 hex_encode(summary.sha256, SHA256_BYTES, digest));
		snprintf(made->version, sizeof(made->version), "%d.0", OLD_VERSION);
	}
	manager_work_ended(job, WORK_BACK_UP, r < 0 ? REASON_IO_ERROR : REASON_OK, NULL);
}

struct image_copy {
	uint8_t bytes[IMAGE_BYTES];
	size_t size;
};

static int take_into_copy(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	struct image_copy *copy = userdata;

	(void)failure;
	memcpy(copy->bytes + copy->size, bytes, size);
	copy->size += size;
	return 0;
}

/* Unpacks the backup into the folder of images. */
static void unpack(struct lab *lab, struct job *job)
{
	_cleanup_failure_ struct failure failure = { 0 };
	_cleanup_close_ int backup =
		images_open(lab->manager, IMAGES_BACKUP, job->record.backup_digest);
	struct image_copy copy = { .size = 0 };
	uint8_t sha256[SHA256_BYTES];
	int r;

	close_fd(images_open_folder(lab->manager, IMAGES_PAYLOAD));
	r = hex_decode(job->record.backup_digest + strlen("sha256:"), sha256, SHA256_BYTES);
	if (r >= 0)
		r = backup_unpack(backup, sha256, job->record.backup_length_bytes,
				  &(struct backup_sink){ take_into_copy, &copy }, NULL, &failure);
	if (r >= 0)
		r = stage_image(lab, copy.bytes, &failure);
	if (!lab->stopper.is_stopped)
		manager_work_ended(job, WORK_UNPACK, r < 0 ? failure.reason : REASON_OK,
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
	int fd = images_open(lab->manager, IMAGES_PAYLOAD, job_image_digest(&job->record)), r = fd;

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
	if (!lab->devices[index].is_on || lab->devices[index].is_detached)
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
	} else if (job->knowledge.download == WORK_RUNNING) {
		download(lab, job);
	} else if (job->knowledge.back_up == WORK_RUNNING) {
		back_up(lab, index, job);
	} else if (job->knowledge.unpack == WORK_RUNNING) {
		unpack(lab, job);
	} else if (job->knowledge.copy == WORK_RUNNING) {
		copy(lab, index, job);
	} else if (job->knowledge.health == WORK_RUNNING) {
		bool is_ill = lab->scenario->behaviour == IMAGE_UNHEALTHY;

		job_store_health(job_entry_of(job), is_ill ? REASON_HEALTH_FAILED : REASON_OK,
				 "10-check");
		if (!lab->stopper.is_stopped)
			manager_work_ended(job, WORK_HEALTH,
					   is_ill ? REASON_HEALTH_FAILED : REASON_OK,
					   is_ill ? "It is ill." : NULL);
	}
}
