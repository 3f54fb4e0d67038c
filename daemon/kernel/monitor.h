/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells when devices come, go and change. Coming and going is heard from udev (only then are the
 * control attributes ours), changes and progress from the generic netlink family "fwslot". Never
 * polls.
 */
#pragma once

#include <systemd/sd-event.h>

#include "kernel/device.h"

struct kernel_monitor;

struct kernel_monitor_events {
	void (*device_added)(unsigned index,
			     void *userdata); /* also once for each present at start */
	void (*device_removed)(unsigned index, void *userdata);
	void (*device_changed)(unsigned index, void *userdata); /* read it again */
	/* With KERNEL_STATUS_IDLE the operation has ended; how, is to be read. */
	void (*slot_progress)(unsigned index, unsigned slot, enum kernel_status status,
			      uint64_t done_bytes, uint64_t total_bytes, void *userdata);
};

/*
 * Starts listening on @event. The first enumeration runs from the event loop, after this returns. A
 * module that is not loaded yet is no error: the monitor hears of it when it comes.
 */
int kernel_monitor_new(sd_event *event, const struct kernel_monitor_events *events, void *userdata,
		       struct kernel_monitor **ret);
struct kernel_monitor *kernel_monitor_free(struct kernel_monitor *monitor);

/*
 * Which of our modules are loaded or can be; uses libkmod, loaded only for this call.
 * @ret_sentence: what is missing and which command mends it, or NULL when all is well. The caller
 * frees it. -EOPNOTSUPP: no libkmod to ask.
 */
int kernel_modules_explain(char **ret_sentence);
