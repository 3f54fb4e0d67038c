/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does what the kernel asks: one function for each kind of request. An image is first received
 * whole, and only when it is known to be one that the device can take does the device get its first
 * byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "smp/agent.h"

void agent_drop_upload(struct agent *agent)
{
	free(agent->upload.bytes);
	agent->upload = (struct agent_upload){ 0 };
}

static int refuse(int error, const char *problem)
{
	log_warning("The image is refused: %s.", problem);
	return error;
}

/* ---- receiving and judging an image ---- */

static int begin_receiving(struct agent *agent, const struct fwslot_user_request *request)
{
	int r = smp_view_check_writable(&agent->layout, &agent->view, request->slot);

	agent_drop_upload(agent);
	if (r == -EBUSY)
		return refuse(
			r, "the slot holds what the next restart needs; restart or confirm first");
	if (r < 0)
		return refuse(r, "the device takes no upload for this slot");
	if (request->total > agent->layout.slots[request->slot].image_size_max ||
	    request->total > SMP_IMAGE_MAX_BYTES)
		return refuse(-EFBIG, "it is larger than the slot takes");
	agent->upload.bytes = malloc(request->total);
	if (!agent->upload.bytes)
		return -ENOMEM;
	agent->upload.size = request->total;
	agent->upload.slot = request->slot;
	return 0;
}

/* MCUboot needs the end of the slot for its own records; devices that can say how much of it do. */
static bool fits_slot(const struct agent *agent, const struct agent_upload *upload)
{
	uint64_t size_bytes = agent->layout.slots[upload->slot].size_bytes;

	return !agent->layout.slots[upload->slot].is_size_known ||
	       upload->image.size_bytes + MCUBOOT_TRAILER_MIN_BYTES <= size_bytes;
}

static bool is_running_image(const struct agent *agent, const struct mcuboot_image *image)
{
	struct smp_hash hash = { .size = image->hash_size };

	memcpy(hash.bytes, image->hash, image->hash_size);
	for (size_t i = 0; i < agent->images.count; i++)
		if (agent->images.images[i].image == agent->layout.image &&
		    agent->images.images[i].is_active &&
		    smp_hash_equals(&hash, &agent->images.images[i]))
			return true;
	return false;
}

static int judge_image(struct agent *agent)
{
	struct agent_upload *upload = &agent->upload;
	const char *problem;
	int r = mcuboot_image_read(upload->bytes, upload->size, &upload->image, &problem);

	if (r < 0)
		return refuse(r, problem);
	if (!fits_slot(agent, upload))
		return refuse(-EFBIG, "with the boot loader's records it is larger than the slot");
	if (is_running_image(agent, &upload->image))
		return refuse(-EBADMSG, "it is the one that runs, and devices do not test that");
	r = hash_bytes(HASH_SHA256, upload->bytes, upload->size, upload->course.sha);
	if (r < 0)
		return r;
	upload->is_whole = true;
	return 0;
}

static int do_inspect(struct agent *agent, const struct fwslot_user_request *request)
{
	struct agent_upload *upload = &agent->upload;
	int r;

	if (request->offset == 0) {
		r = begin_receiving(agent, request);
		if (r < 0)
			return r;
	}
	if (!upload->bytes || request->slot != upload->slot || request->total != upload->size ||
	    request->offset != upload->received ||
	    request->length > upload->size - upload->received)
		return -EINVAL;
	memcpy(upload->bytes + upload->received, agent->provider.data, request->length);
	upload->received += request->length;
	return upload->received < upload->size ? 0 : judge_image(agent);
}

/* ---- writing it ---- */

static int do_prepare(struct agent *agent, const struct fwslot_user_request *request)
{
	struct agent_upload *upload = &agent->upload;

	if (!upload->is_whole || upload->slot != request->slot || upload->size != request->total)
		return -EINVAL;
	upload->course.bytes = upload->bytes;
	upload->course.size = upload->size;
	upload->course.image = agent->layout.slots[upload->slot].upload_image;
	upload->is_prepared = true;
	log_info("Writing version %s, %llu bytes, to slot %u.", upload->image.version,
		 (unsigned long long)upload->size, upload->slot);
	return 0;
}

/*
 * Before a write there is nothing to do: the upload erases by itself, and can be resumed only if
 * nobody else did.
 */
static int do_erase(struct agent *agent, const struct fwslot_user_request *request)
{
	int r;

	if (agent->upload.is_prepared)
		return 0;
	r = smp_view_check_writable(&agent->layout, &agent->view, request->slot);
	if (r >= 0)
		r = smp_device_erase(&agent->device, request->slot);
	if (r >= 0 && agent->memory.partial_slot == (int)request->slot) {
		agent->memory.partial_slot = -1;
		agent_remember(agent);
	}
	return r < 0 ? r : agent_ask_and_tell(agent);
}

static int begin_upload(struct agent *agent)
{
	agent->upload.is_begun = true;
	agent->memory.partial_slot = (int)agent->upload.slot;
	agent_remember(agent);
	return 0;
}

/* Goes on until the device has everything up to the end of what the kernel wrote. */
static int do_write(struct agent *agent, const struct fwslot_user_request *request)
{
	struct agent_upload *upload = &agent->upload;
	uint64_t end = request->offset + request->length;
	int r;

	if (!upload->is_prepared || upload->slot != request->slot || end > upload->size)
		return -EINVAL;
	if (!upload->is_begun) {
		r = begin_upload(agent);
		if (r < 0)
			return r;
	}
	while (!upload->course.is_done && upload->course.offset < end) {
		r = smp_device_upload_piece(&agent->device, &upload->course);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The device's own list is the proof: the image is in the slot it was meant for. */
static int find_uploaded(const struct agent *agent)
{
	const struct agent_upload *upload = &agent->upload;
	const struct smp_image_state *image =
		smp_image_find(&agent->images, agent->layout.image, upload->slot);
	struct smp_hash hash = { .size = upload->image.hash_size };

	memcpy(hash.bytes, upload->image.hash, upload->image.hash_size);
	if (image &&
	    (smp_hash_equals(&hash, image) ||
	     (image->hash_size == 0 && strcmp(image->version, upload->image.version) == 0)))
		return 0;
	for (size_t i = 0; i < agent->images.count; i++)
		if (smp_hash_equals(&hash, &agent->images.images[i]))
			return refuse(-EPROTO, "the device put it into another slot");
	return refuse(-EBADMSG, "the device does not list it after the upload");
}

static int do_program(struct agent *agent, const struct fwslot_user_request *request)
{
	struct agent_upload *upload = &agent->upload;
	struct smp_file file = { .size_bytes = upload->size, .hash.size = upload->image.hash_size };
	int r;

	if (!upload->is_prepared || upload->slot != request->slot || !upload->course.is_done)
		return -EINVAL;
	r = agent_ask(agent);
	if (r >= 0)
		r = find_uploaded(agent);
	if (r < 0)
		return r;
	memcpy(file.hash.bytes, upload->image.hash, upload->image.hash_size);
	memcpy(file.digest, upload->course.sha, sizeof(file.digest));
	smp_memory_add(&agent->memory, &file);
	/* Written anew, it gets a new chance. */
	if (agent->memory.failed.size == file.hash.size &&
	    memcmp(agent->memory.failed.bytes, file.hash.bytes, file.hash.size) == 0)
		agent->memory.failed.size = 0;
	agent->memory.partial_slot = -1;
	agent_remember(agent);
	log_info("Slot %u holds version %s%s.", upload->slot, upload->image.version,
		 upload->course.is_resumed ? " (an earlier upload was resumed)" : "");
	agent_drop_upload(agent);
	return agent_tell(agent, false);
}

static int do_abort(struct agent *agent, const struct fwslot_user_request *request _unused_)
{
	bool is_begun = agent->upload.is_begun;

	agent_drop_upload(agent);
	if (is_begun) {
		int r = agent_ask(agent);

		if (r < 0)
			return r;
	}
	/* The kernel no longer knows what the slot holds, also when that did not change. */
	agent->is_view_told = false;
	return agent_tell(agent, false);
}

/* ---- booting ---- */

static int mark(struct agent *agent, const struct smp_image_state *image, bool is_permanent)
{
	struct smp_hash hash = smp_hash_of(image);
	unsigned slot = image->slot;
	const struct smp_image_state *now;
	int r;

	if (image->hash_size == 0)
		return -EOPNOTSUPP; /* without a hash only luck decides which image is marked */
	r = smp_device_mark(&agent->device, hash.bytes, hash.size, is_permanent, &agent->images);
	if (r < 0)
		return r;
	now = smp_image_find(&agent->images, agent->layout.image, slot);
	/* MCUboot takes "for good" after "to test" without a word, and keeps the test. */
	if (!now || !now->is_pending || now->is_permanent != is_permanent) {
		log_warning("The device did not mark the image as it was asked to.");
		return -EBUSY;
	}
	agent->memory.failed.size = 0;
	if (!is_permanent)
		smp_memory_begin_trial(&agent->memory, &hash);
	agent_remember(agent);
	return 0;
}

static int do_activate(struct agent *agent, const struct fwslot_user_request *request)
{
	bool is_permanent = request->flags & FWSLOT_USER_PERMANENT;
	const struct smp_image_state *image;
	int r = agent_ask_and_tell(agent);

	if (r < 0)
		return r;
	image = smp_image_find(&agent->images, agent->layout.image, request->slot);
	if (!image)
		return -ENODATA;
	/* In recovery the primary slot boots next anyway; to mark it would mark the other. */
	if (agent->view.is_recovery && request->slot == 0)
		return 0;
	/* During a trial the next restart goes back by itself. */
	if ((int)request->slot == agent->view.boot.fallback_slot)
		return 0;
	if ((int)request->slot == agent->view.boot.running_slot)
		return !is_permanent						   ? -ETXTBSY :
		       agent->view.boot.next_slot == agent->view.boot.running_slot ? 0 :
										     -EBUSY;
	if (!image->is_pending || image->is_permanent != is_permanent)
		r = mark(agent, image, is_permanent);
	return r < 0 ? r : agent_tell(agent, false);
}

static int do_confirm(struct agent *agent, const struct fwslot_user_request *request _unused_)
{
	int r = agent_ask_and_tell(agent);

	if (r < 0)
		return r;
	if (agent->view.boot.state != FWSLOT_BOOT_STATE_TRIAL)
		return -ENOENT;
	r = smp_device_confirm(&agent->device, &agent->images);
	if (r >= 0)
		r = agent_tell(agent, false);
	if (r < 0)
		return r;
	return agent->view.boot.state == FWSLOT_BOOT_STATE_CONFIRMED ? 0 : -EIO;
}

static int do_restart(struct agent *agent, const struct fwslot_user_request *request _unused_)
{
	int r = smp_device_reset(&agent->device);

	/*
	 * Without an answer only the device's state can tell whether it heard: look after a while.
	 */
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	agent_go_away(agent, true);
	return 0;
}

/* ---- all of them ---- */

static const struct {
	uint16_t type;
	const char *name;
	int (*run)(struct agent *agent, const struct fwslot_user_request *request);
} handlers[] = {
	{ FWSLOT_USER_INSPECT, "inspect", do_inspect },
	{ FWSLOT_USER_PREPARE, "prepare", do_prepare },
	{ FWSLOT_USER_ERASE, "erase", do_erase },
	{ FWSLOT_USER_WRITE, "write", do_write },
	{ FWSLOT_USER_PROGRAM, "program", do_program },
	{ FWSLOT_USER_ABORT, "abort", do_abort },
	{ FWSLOT_USER_ACTIVATE, "activate", do_activate },
	{ FWSLOT_USER_CONFIRM, "confirm", do_confirm },
	{ FWSLOT_USER_RESTART, "restart", do_restart },
};

static int run_request(struct agent *agent)
{
	const struct fwslot_user_request request = agent->provider.request;
	uint16_t type = agent->provider.header.type;

	if (request.slot >= agent->layout.num_slots)
		return -EINVAL;
	if (agent->mode != AGENT_PRESENT && type != FWSLOT_USER_ABORT)
		return -EBUSY;
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		int r;

		if (handlers[i].type != type)
			continue;
		r = handlers[i].run(agent, &request);
		if (r < 0 && r != -ECANCELED)
			log_warning("Request to %s slot %u failed: %s%s%s.", handlers[i].name,
				    request.slot, strerror(-r),
				    agent->device.failure.code ? ": " : "",
				    agent->device.failure.code ?
					    smp_failure_word(&agent->device.failure) :
					    "");
		return r;
	}
	return -EOPNOTSUPP;
}

int agent_serve(struct agent *agent)
{
	/* While one is worked on the kernel may give it up and ask for something else. */
	while (agent->provider.header.id != 0) {
		uint32_t id = agent->provider.header.id;
		int r;

		agent->device.failure.code = SMP_CODE_OK;
		agent->port.last_period_usec = time_now_monotonic();
		r = run_request(agent);
		if (r == AGENT_KERNEL_LOST)
			return r;
		if (agent->provider.header.id == id &&
		    provider_answer(&agent->provider, r < 0 ? r : 0) < 0)
			return AGENT_KERNEL_LOST;
		if (r == -ENODEV)
			return r;
		if (r == -ETIMEDOUT)
			agent_go_away(agent, false);
	}
	return 0;
}
