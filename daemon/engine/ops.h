/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything by which the engine touches the world, as one table: the clock, the orders to the kernel, the work done by
 * child processes, and the operations on files. Tests and the crash laboratory pass their own; an instrumented table is
 * the first member of a larger structure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io.h"
#include "kernel/device.h"

struct job;

/* Work of a job that is done outside this process and ends by manager_work_ended(). */
enum work_kind {
	WORK_VERIFY,
	WORK_DOWNLOAD, /* verifies too */
	WORK_BACK_UP,
	WORK_UNPACK, /* of a backup */
	WORK_COPY,
	WORK_HEALTH,
	WORK_KIND_MAX,
};

/* A file that is held for whoever runs after this process. */
#define HELD_FILES_MAX 32 /* FileDescriptorStoreMax= of the unit */
#define HELD_NAME_SIZE 32
struct held_file {
	char name[HELD_NAME_SIZE];
	int fd;
};

struct engine_ops {
	/* CLOCK_REALTIME, which somebody may set, and CLOCK_BOOTTIME, which only runs. */
	uint64_t (*realtime_usec)(const struct engine_ops *self);
	uint64_t (*boottime_usec)(const struct engine_ops *self);
	/* Which boot of the host it is; "" or the operation NULL: unknown. Lives as long as @self. */
	const char *(*boot_id)(const struct engine_ops *self);

	/* A moment that has surely passed; NULL: none is known. */
	uint64_t (*time_floor_usec)(const struct engine_ops *self);

	/* Any 64 bits, to be at another moment than others; NULL: always 0. */
	uint64_t (*random)(const struct engine_ops *self);

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

	/* All three may be NULL: nobody holds files. file_hold: 0 or -errno; files_held: the caller owns the fds. */
	int (*file_hold)(const struct engine_ops *self, const char *name, int fd);
	void (*file_let_go)(const struct engine_ops *self, const char *name);
	size_t (*files_held)(const struct engine_ops *self,
			     struct held_file ret[static HELD_FILES_MAX]);

	/* Files of the state folder. */
	const struct io_operations *io;

	/* false: nobody listens to the kernel, manager_device_*() are called from outside. */
	bool listens_to_kernel;
};

/* held-systemd.c */
int systemd_file_hold(const struct engine_ops *self, const char *name, int fd);
void systemd_file_let_go(const struct engine_ops *self, const char *name);
size_t systemd_files_held(const struct engine_ops *self,
			  struct held_file ret[static HELD_FILES_MAX]);

/* The real thing. */
extern const struct engine_ops engine_default_ops;
