/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations of a real daemon: the machine's clock, the kernel's sysfs, child processes. */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include <systemd/sd-id128.h>

#include "base/time.h"
#include "engine/ops.h"
#include "engine/work.h"
#include "kernel/device.h"

static uint64_t realtime_usec(const struct engine_ops *self)
{
	(void)self;
	return time_now_realtime();
}

static uint64_t boottime_usec(const struct engine_ops *self)
{
	struct timespec now;

	(void)self;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

/* systemd-timesyncd touches it when it is sure of the time, and once a minute from then on. */
static uint64_t time_floor_usec(const struct engine_ops *self)
{
	(void)self;
	return time_floor("/var/lib/systemd/timesync/clock");
}

/* The unit passes it: what ProcSubset=pid hides cannot be asked of the kernel. */
static const char *boot_id(const struct engine_ops *self)
{
	static char text[SD_ID128_STRING_MAX];
	const char *passed = getenv("FWSLOT_BOOT_ID");
	sd_id128_t id;

	(void)self;
	if (passed)
		return passed;
	return sd_id128_get_boot(&id) < 0 ? "" : sd_id128_to_string(id, text);
}

static uint64_t any_bits(const struct engine_ops *self)
{
	uint64_t bits = 0;

	(void)self;
	(void)!getrandom(&bits, sizeof(bits), 0);
	return bits;
}

static int device_read(const struct engine_ops *self, unsigned index, struct kernel_device *ret)
{
	(void)self;
	return kernel_device_read(index, ret);
}

static int load_begin(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	return kernel_slot_load_begin(index, slot);
}

static int load_commit(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	return kernel_slot_load_commit(index, slot);
}

static int load_abort(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	return kernel_slot_load_abort(index, slot);
}

static int activate(const struct engine_ops *self, unsigned index, unsigned slot, bool is_permanent)
{
	(void)self;
	return kernel_slot_activate(index, slot, is_permanent);
}

static int restart(const struct engine_ops *self, unsigned index)
{
	(void)self;
	return kernel_device_restart(index);
}

static int confirm(const struct engine_ops *self, unsigned index)
{
	(void)self;
	return kernel_boot_confirm(index);
}

static int set_attempts(const struct engine_ops *self, unsigned index, unsigned attempts)
{
	(void)self;
	return kernel_boot_set_attempts(index, attempts);
}

const struct engine_ops engine_default_ops = {
	.realtime_usec = realtime_usec,
	.boottime_usec = boottime_usec,
	.time_floor_usec = time_floor_usec,
	.boot_id = boot_id,
	.random = any_bits,
	.device_read = device_read,
	.load_begin = load_begin,
	.load_commit = load_commit,
	.load_abort = load_abort,
	.activate = activate,
	.restart = restart,
	.confirm = confirm,
	.set_attempts = set_attempts,
	.work_start = work_start,
	.work_stop = work_stop,
	.file_hold = systemd_file_hold,
	.file_let_go = systemd_file_let_go,
	.files_held = systemd_files_held,
	.io = &io_default,
	.listens_to_kernel = true,
};
