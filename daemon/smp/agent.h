/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program itself: keeps one device with MCUboot connected to /dev/fwslot. Shared by its three
 * parts: agent.c (waiting, and what is the device up to now), agent-state.c (asking the device and
 * telling the kernel), agent-requests.c (doing what the kernel asks).
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "base/time.h"
#include "smp/device.h"
#include "smp/image.h"
#include "smp/memory-file.h"
#include "smp/options.h"
#include "smp/port.h"
#include "smp/provider.h"
#include "smp/view.h"

enum agent_mode {
	AGENT_ABSENT, /* nobody answers; the kernel knows of no device */
	AGENT_PRESENT,
	AGENT_AWAY, /* it restarts or fell silent: the kernel's device stays meanwhile */
};

/*
 * After a reset nothing is sent for options->settle_usec: MCUboot may be built to stay in its
 * serial recovery when it hears a request while it starts (BOOT_SERIAL_WAIT_FOR_DFU), and that
 * would keep new firmware from ever being tried. The same when the port was just opened: whoever
 * plugged it in may have started the device. If it is found in recovery after a reset, the next
 * wait is longer.
 */
#define AGENT_SETTLE_TIME_AFTER_RECOVERY (10 * USEC_PER_SEC)
#define AGENT_PROBE_PERIOD (1 * USEC_PER_SEC)
/*
 * Devices restart without saying so. While one is on trial that decides something; otherwise a look
 * now and then is enough. Anything on the console is a reason to look earlier, after
 * options->settle_usec.
 */
#define AGENT_LOOK_PERIOD_ON_TRIAL (5 * USEC_PER_SEC)
#define AGENT_LOOK_PERIOD (60 * USEC_PER_SEC)
#define AGENT_LOOK_PERIOD_TALKATIVE \
	(15 * USEC_PER_SEC) /* a device that talks all the time is not asked all the time */
#define AGENT_GREETING_PERIOD (60 * USEC_PER_SEC)
/*
 * How often the kernel is told that a request is being worked on; it gives up after
 * FWSLOT_USER_ANSWER_TIMEOUT_S.
 */
#define AGENT_WORKING_PERIOD (3 * USEC_PER_SEC)
/* How often a reset is sent that the device, by its state, did not hear. */
#define AGENT_RESETS_MAX 3

/* What functions return when /dev/fwslot is lost; no device and no port ever causes it. */
#define AGENT_KERNEL_LOST (-ENOTCONN)

/* An image on its way from the kernel to the device. */
struct agent_upload {
	uint8_t *bytes; /* of @size, the first @received are there */
	uint64_t size, received;
	unsigned slot;
	struct mcuboot_image image; /* valid once all was received */
	struct smp_upload course;
	bool is_whole; /* received and found to be an image */
	bool is_prepared; /* the kernel is going to write it */
	bool is_begun; /* the device got a piece */
};

struct agent {
	struct smp_options *options;
	struct port port;
	struct smp_device device;
	struct provider provider;

	enum agent_mode mode;
	struct smp_layout layout;
	struct smp_image_list images; /* as last heard */
	struct smp_image_list told; /* as last told to the kernel */
	struct smp_memory memory;
	struct smp_view view; /* the same in the kernel's words */
	bool is_view_told; /* the kernel has not forgotten it since */
	enum fwslot_restart_reason restart_reason;
	char memory_name[SMP_MEMORY_NAME_SIZE];
	int memory_dir_fd; /* -1: nothing is kept */
	struct agent_upload upload;

	usec_t next_usec; /* when the mode wants something done */
	usec_t last_look_usec; /* when the device was asked last without a reason of the kernel's */
	/* AGENT_AWAY */
	usec_t away_deadline_usec;
	bool is_commanded; /* we reset it */
	unsigned resets; /* sent in this absence */
	bool was_reset_for_silence;
};

/* Opens /dev/fwslot: the descriptor, or a negative errno, logged. */
_warn_unused_ int agent_open_provider(const struct smp_options *options);
/*
 * Opens port and memory; takes over @provider_fd, which is /dev/fwslot or behaves like it. Logs what
 * is wrong. agent_end() must follow in any case.
 */
_warn_unused_ int agent_begin(struct agent *agent, struct smp_options *options, int provider_fd);
/* Until something is lost that cannot come back by itself: returns a negative errno, logged. */
_warn_unused_ int agent_run(struct agent *agent);
void agent_end(struct agent *agent);

/* ---- agent-state.c ---- */

/* Greets a device, learns all about it, and creates it in the kernel. */
_warn_unused_ int agent_meet(struct agent *agent);
/* Greets a device that was away, learns all about it. */
_warn_unused_ int agent_meet_again(struct agent *agent);
/* Asks how the images stand. */
_warn_unused_ int agent_ask(struct agent *agent);
/*
 * Draws conclusions from agent->images and tells the kernel: what the slots hold, and that the
 * device started if it was reset by us (@is_commanded_restart) or runs other firmware than before.
 */
_warn_unused_ int agent_tell(struct agent *agent, bool is_commanded_restart);
_warn_unused_ int agent_ask_and_tell(struct agent *agent);
void agent_remember(struct agent *agent);

/* ---- agent-requests.c ---- */

/* Does what the kernel asks, and answers it. Fails only when the kernel or the port is lost. */
_warn_unused_ int agent_serve(struct agent *agent);
void agent_drop_upload(struct agent *agent);

/* ---- agent.c ---- */

/* The device was reset (@is_commanded), or does not answer. */
void agent_go_away(struct agent *agent, bool is_commanded);
