/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel says of one device at one moment, and the few things it can be told to do.
 * A picture is read whole and never updated in place. No policy, no events (monitor.h), no bus.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Limits of what the kernel may tell us; longer values are cut and the picture is marked malformed.
 */
#define KERNEL_NAME_MAX 127
#define KERNEL_HARDWARE_ID_MAX 259 /* four segments of 64 and three slashes */
#define KERNEL_SERIAL_MAX 127
#define KERNEL_VERSION_MAX 63
#define KERNEL_SLOTS_MAX 32
#define KERNEL_DEVICES_MAX 256 /* of one machine; fwslotN with a larger N is not looked at */
#define KERNEL_DIGEST_LENGTH 71 /* "sha256:" and 64 hexadecimal digits */

/* The words of the sysfs attribute "status", in the kernel's order. */
enum kernel_status {
	KERNEL_STATUS_IDLE,
	KERNEL_STATUS_RECEIVING,
	KERNEL_STATUS_PREPARING,
	KERNEL_STATUS_ERASING,
	KERNEL_STATUS_TRANSFERRING,
	KERNEL_STATUS_VERIFYING,
	KERNEL_STATUS_PROGRAMMING,
	KERNEL_STATUS_ACTIVATING,
	KERNEL_STATUS_RESTARTING,
	KERNEL_STATUS_MAX,
	KERNEL_STATUS_INVALID = -22,
};

enum kernel_boot_state {
	KERNEL_BOOT_UNKNOWN,
	KERNEL_BOOT_CONFIRMED,
	KERNEL_BOOT_TRIAL,
	KERNEL_BOOT_FALLBACK,
	KERNEL_BOOT_MAX,
	KERNEL_BOOT_INVALID = -22,
};

enum kernel_slot_state {
	KERNEL_SLOT_UNKNOWN,
	KERNEL_SLOT_EMPTY,
	KERNEL_SLOT_PARTIAL,
	KERNEL_SLOT_VALID,
	KERNEL_SLOT_INVALID_IMAGE,
	KERNEL_SLOT_PENDING,
	KERNEL_SLOT_TRIAL,
	KERNEL_SLOT_CONFIRMED,
	KERNEL_SLOT_STATE_MAX,
	KERNEL_SLOT_STATE_INVALID = -22,
};

enum kernel_restart_reason {
	KERNEL_RESTART_UNKNOWN,
	KERNEL_RESTART_POWER_ON,
	KERNEL_RESTART_COMMANDED,
	KERNEL_RESTART_WATCHDOG,
	KERNEL_RESTART_FAULT,
	KERNEL_RESTART_ATTEMPTS_EXHAUSTED,
	KERNEL_RESTART_MAX,
	KERNEL_RESTART_INVALID = -22,
};

struct kernel_slot {
	char label[KERNEL_NAME_MAX + 1];
	uint64_t size_bytes; /* capacity */
	enum kernel_slot_state state;
	enum kernel_status status;
	bool is_active, is_next, is_readable;
	char version[KERNEL_VERSION_MAX + 1]; /* "" = unknown */
	uint64_t image_size_bytes; /* 0 = unknown */
	char digest[KERNEL_DIGEST_LENGTH + 1]; /* "" = unknown */
	char error[KERNEL_NAME_MAX + 1]; /* "transferring:timeout", "" = none */
	uint64_t remaining_bytes;
};

struct kernel_boot {
	bool is_present; /* the device has boot control at all */
	enum kernel_boot_state state;
	uint64_t total;
	int running_slot, next_slot, fallback_slot; /* -1 = unknown */
	unsigned limit, attempts, attempts_left;
	enum kernel_restart_reason last_restart_reason;
};

struct kernel_device {
	unsigned index; /* N of fwslotN */
	char name[KERNEL_NAME_MAX + 1];
	char provider[KERNEL_NAME_MAX + 1];
	char hardware_id[KERNEL_HARDWARE_ID_MAX + 1];
	char serial[KERNEL_SERIAL_MAX + 1]; /* "" = none */
	char parent[256]; /* sysfs path of the parent device, relative to /sys */
	enum kernel_status status;
	bool can_restart;
	bool is_malformed; /* a value was too long, no number, or a word we do not know */
	struct kernel_boot boot;
	unsigned num_slots;
	struct kernel_slot slots[KERNEL_SLOTS_MAX];
};

const char *kernel_status_to_string(enum kernel_status value);
enum kernel_status kernel_status_from_string(const char *word);
const char *kernel_boot_state_to_string(enum kernel_boot_state value);
enum kernel_boot_state kernel_boot_state_from_string(const char *word);
const char *kernel_slot_state_to_string(enum kernel_slot_state value);
enum kernel_slot_state kernel_slot_state_from_string(const char *word);
const char *kernel_restart_reason_to_string(enum kernel_restart_reason value);
enum kernel_restart_reason kernel_restart_reason_from_string(const char *word);

/* Where sysfs is: "/sys", or FWSLOT_SYSFS in tests. */
const char *kernel_sysfs_root(void);

/* Reads everything about device N. -ENODEV when it is not (or no longer) there. */
int kernel_device_read(unsigned index, struct kernel_device *ret);

/*
 * Orders to the kernel. Each returns at once: the kernel works, events tell the end. Errors are the
 * kernel's own: -ENODEV gone, -EBUSY, -ETXTBSY the running slot, -EFBIG too large, -ENOENT no
 * trial, -EOPNOTSUPP, -EACCES no right.
 */
int kernel_slot_load_begin(unsigned index, unsigned slot);
int kernel_slot_load_commit(unsigned index, unsigned slot);
int kernel_slot_load_abort(unsigned index, unsigned slot);
int kernel_slot_open_data(unsigned index, unsigned slot, bool for_writing); /* the fd, or -errno */
int kernel_slot_activate(unsigned index, unsigned slot, bool is_permanent);
int kernel_device_restart(unsigned index);
int kernel_boot_confirm(unsigned index);
int kernel_boot_set_limit(unsigned index, unsigned limit);
int kernel_boot_set_attempts(unsigned index, unsigned attempts);
