/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything by which the engine touches the world, as one table: the clock, the orders to the kernel, the work done by
 * child processes, and the operations on files. Tests and the crash laboratory pass their own; an instrumented table is
 * the first member of a larger structure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/io.h"
#include "kernel/device.h"

struct job;

/* Work of a job that is done outside this process and ends by manager_work_ended(). */
enum work_kind { WORK_VERIFY, WORK_COPY, WORK_HEALTH, WORK_KIND_MAX };

struct engine_ops {
	/* CLOCK_REALTIME, which somebody may set, and CLOCK_BOOTTIME, which only runs. */
	uint64_t (*realtime_usec)(const struct engine_ops *self);
	uint64_t (*boottime_usec)(const struct engine_ops *self);

	/* As in kernel/device.h. */
	int (*device_read)(const struct engine_ops *self, unsigned index,
			   struct kernel_device *ret);
	int (*load_begin)(const struct engine_ops *self, unsigned index, unsigned slot);
	int (*load_commit)(const struct engine_ops *self, unsigned index, unsigned slot);
	int (*load_abort)(const struct engine_ops *self, unsigned index, unsigned slot);
	int (*activate)(const struct engine_ops *self, unsigned index, unsigned slot,
			bool is_permanent);
	int (*restart)(const struct engine_ops *self, unsigned index);
	int (*confirm)(const struct engine_ops *self, unsigned index);
	int (*set_attempts)(const struct engine_ops *self, unsigned index, unsigned attempts);

	/* Starts the work; -errno: it could not be started. At most one of a kind for a job. */
	int (*work_start)(const struct engine_ops *self, struct job *job, enum work_kind kind);
	/* Ends it without a result. Nothing of the work remains. No work running is fine. */
	void (*work_stop)(const struct engine_ops *self, struct job *job, enum work_kind kind);

	/* Files of the state folder. */
	const struct io_operations *io;

	/* false: nobody listens to the kernel, manager_device_*() are called from outside. */
	bool listens_to_kernel;
};

/* The real thing. */
extern const struct engine_ops engine_default_ops;
