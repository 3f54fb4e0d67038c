/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the device how it stands and tells the kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "smp/agent.h"

#define ABILITIES                                                                    \
	(FWSLOT_USER_CAN_WRITE | FWSLOT_USER_CAN_INSPECT | FWSLOT_USER_CAN_ERASE |   \
	 FWSLOT_USER_CAN_PROGRAM | FWSLOT_USER_CAN_BOOT | FWSLOT_USER_CAN_ACTIVATE | \
	 FWSLOT_USER_CAN_CONFIRM | FWSLOT_USER_CAN_RESTART | FWSLOT_USER_ASSESSES_ITSELF)

static const char *const slot_labels[SMP_VIEW_SLOTS_MAX] = { "primary", "secondary" };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whoever gave no hardware id gets what the device says of itself: "zephyr/" and its board. */
static int find_hardware_id(struct agent *agent)
{
	struct smp_options *options = agent->options;
	struct smp_text_answer board;
	int r;

	if (options->hardware_id)
		return 0;
	r = smp_device_read_board(&agent->device, &board);
	if (r == -ENODEV)
		return r;
	if (r >= 0) {
		/* "mps2/an385" is a board and its variant: parts of the id by themselves. */
		if (asprintf(&options->hardware_id, "zephyr/%s", board.text) < 0)
			return -ENOMEM;
		if (smp_hardware_id_is_valid(options->hardware_id))
			return 0;
		free(options->hardware_id);
	}
	options->hardware_id = strdup("mcuboot/device");
	log_warning("Nobody says what the device on %s is: it gets the hardware id %s. "
		    "Set --hardware-id or the udev property FWSLOT_HARDWARE_ID.",
		    options->port, "mcuboot/device");
	return options->hardware_id ? 0 : -ENOMEM;
}

static int find_identity(struct agent *agent)
{
	struct smp_options *options = agent->options;
	int r = find_hardware_id(agent);

	if (r < 0)
		return r;
	if (!options->serial)
		options->serial = strdup(base_name(options->port));
	if (!options->name &&
	    asprintf(&options->name, "Device with MCUboot on %s", base_name(options->port)) < 0)
		options->name = NULL;
	return options->serial && options->name ? 0 : -ENOMEM;
}

static void load_memory(struct agent *agent)
{
	int r;

	agent->memory = SMP_MEMORY_EMPTY;
	if (agent->memory_dir_fd < 0)
		return;
	smp_memory_name(agent->options->hardware_id, agent->options->serial, agent->memory_name);
	r = smp_memory_load(agent->memory_dir_fd, agent->memory_name, &agent->memory);
	if (r < 0 && r != -ENOENT)
		log_warning("What was remembered of the device in %s is damaged and ignored.",
			    agent->memory_name);
}

void agent_remember(struct agent *agent)
{
	int r;

	if (agent->memory_dir_fd < 0)
		return;
	r = smp_memory_save(&io_default, agent->memory_dir_fd, agent->memory_name, &agent->memory);
	if (r < 0)
		log_warning("Cannot remember the state of the device in %s: %s.",
			    agent->memory_name, strerror(-r));
}

static int ask_layout(struct agent *agent, struct smp_layout *ret)
{
	struct smp_slot_list slots;
	int r = smp_device_read_slots(&agent->device, &slots);

	if (r == -ENODEV || r == -ETIMEDOUT)
		return r;
	if (r < 0)
		log_debug("The device does not tell the sizes of its slots (%s).",
			  smp_failure_word(&agent->device.failure));
	smp_layout_make(r < 0 ? NULL : &slots, agent->options->image, ret);
	return 0;
}

int agent_ask(struct agent *agent)
{
	int r = smp_device_read_images(&agent->device, &agent->images);

	if (r < 0 && r != -ETIMEDOUT && r != -ENODEV && r != -ECANCELED)
		log_warning("The device does not tell its images: %s.",
			    r == -EBADMSG ? "its answer makes no sense" :
					    smp_failure_word(&agent->device.failure));
	return r;
}

/* The kernel's device keeps its slots and their sizes; what may be uploaded where can change. */
static void keep_sizes(const struct smp_layout *old, struct smp_layout *layout)
{
	layout->num_slots = old->num_slots;
	for (unsigned i = 0; i < SMP_VIEW_SLOTS_MAX; i++)
		layout->slots[i].size_bytes = old->slots[i].size_bytes;
}

static int greet(struct agent *agent)
{
	struct smp_layout layout;
	int r = smp_device_greet(&agent->device);

	if (r >= 0)
		r = ask_layout(agent, &layout);
	if (r >= 0)
		r = agent_ask(agent);
	if (r < 0)
		return r;
	if (agent->mode == AGENT_AWAY)
		keep_sizes(&agent->layout, &layout);
	agent->layout = layout;
	return 0;
}

int agent_meet(struct agent *agent)
{
	struct provider_device device = { .abilities = ABILITIES };
	int r = greet(agent);

	if (r >= 0)
		r = find_identity(agent);
	if (r < 0)
		return r;
	load_memory(agent);
	if (smp_memory_observe(&agent->memory, &agent->images, agent->layout.image))
		agent_remember(agent);
	agent->restart_reason = FWSLOT_RESTART_REASON_UNKNOWN;
	agent->told = agent->images;
	smp_view_make(&agent->layout, &agent->images, &agent->memory, agent->restart_reason,
		      &agent->view);

	device.name = agent->options->name;
	device.hardware_id = agent->options->hardware_id;
	device.serial = agent->options->serial;
	device.num_slots = agent->layout.num_slots;
	for (unsigned i = 0; i < device.num_slots; i++) {
		device.slots[i].label = slot_labels[i];
		device.slots[i].size_bytes = agent->layout.slots[i].size_bytes;
	}
	agent->is_view_told = true;
	r = provider_create(&agent->provider, &device, &agent->view.boot, agent->view.contents);
	if (r < 0) {
		log_error("The kernel does not take the device: %s.", strerror(-r));
		return AGENT_KERNEL_LOST;
	}
	log_info("%s (%s, serial number %s): %u slots, messages of %zu bytes%s.", device.name,
		 device.hardware_id, device.serial, device.num_slots, agent->device.message_size,
		 agent->view.is_recovery ? ", in serial recovery" : "");
	return 0;
}

int agent_meet_again(struct agent *agent)
{
	return greet(agent);
}

static const struct smp_image_state *find_active(const struct smp_image_list *images,
						 unsigned image)
{
	for (size_t i = 0; i < images->count; i++)
		if (images->images[i].image == image && images->images[i].is_active)
			return &images->images[i];
	return NULL;
}

static bool runs_other_firmware(const struct agent *agent)
{
	const struct smp_image_state *before = find_active(&agent->told, agent->layout.image);
	const struct smp_image_state *now = find_active(&agent->images, agent->layout.image);
	struct smp_hash hash;

	if (!before || !now)
		return before != now;
	hash = smp_hash_of(before);
	return before->slot != now->slot || !smp_hash_equals(&hash, now);
}

/* Sends what differs from what the kernel heard last. */
static int set_state(struct agent *agent, const struct smp_view *view)
{
	int r;

	if (agent->is_view_told &&
	    memcmp(&view->boot, &agent->view.boot, sizeof(view->boot)) == 0 &&
	    memcmp(view->contents, agent->view.contents, sizeof(view->contents)) == 0)
		return 0;
	r = provider_set_state(&agent->provider, &view->boot, view->contents);
	if (r >= 0) {
		agent->view = *view;
		agent->is_view_told = true;
	}
	return r;
}

int agent_tell(struct agent *agent, bool is_commanded_restart)
{
	enum fwslot_boot_state before = agent->view.boot.state;
	struct smp_view view;
	bool has_fallen_back, is_boot;
	int r;

	if (smp_memory_observe(&agent->memory, &agent->images, agent->layout.image))
		agent_remember(agent);
	smp_view_make(&agent->layout, &agent->images, &agent->memory, agent->restart_reason, &view);
	has_fallen_back = view.boot.state == FWSLOT_BOOT_STATE_FALLBACK &&
			  before != FWSLOT_BOOT_STATE_FALLBACK;
	is_boot = is_commanded_restart || has_fallen_back || runs_other_firmware(agent);
	if (is_boot) {
		agent->restart_reason = has_fallen_back ? FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED :
					is_commanded_restart ? FWSLOT_RESTART_REASON_COMMANDED :
							       FWSLOT_RESTART_REASON_UNKNOWN;
		view.boot.last_restart_reason = agent->restart_reason;
	}
	agent->told = agent->images;
	r = set_state(agent, &view);
	if (r >= 0 && is_boot)
		r = provider_booted(&agent->provider, smp_view_running(&view),
				    agent->restart_reason);
	if (r < 0) {
		log_error("The kernel does not take the state of the device: %s.", strerror(-r));
		return AGENT_KERNEL_LOST;
	}
	if (has_fallen_back)
		log_notice("The new firmware failed its trial: the device runs the previous one.");
	return 0;
}

int agent_ask_and_tell(struct agent *agent)
{
	int r = agent_ask(agent);

	return r < 0 ? r : agent_tell(agent, false);
}
