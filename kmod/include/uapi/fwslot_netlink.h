/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Generic netlink family "fwslot": numbers and attributes.
 *
 * The contract is Documentation/netlink/specs/fwslot.yaml; this header says the same in C.
 * Numbers are only ever appended. There is no command that changes anything: control is by sysfs.
 */
#ifndef _UAPI_FWSLOT_NETLINK_H
#define _UAPI_FWSLOT_NETLINK_H

#define FWSLOT_FAMILY_NAME	"fwslot"
#define FWSLOT_FAMILY_VERSION	1

/* Device added or removed, slot changed, booted, fallback. */
#define FWSLOT_MCGRP_EVENTS	"events"
/* At most ten messages a second and device, and always the last of an operation. */
#define FWSLOT_MCGRP_PROGRESS	"progress"

/* What the device, or one of its slots, is being made to do. The words are those of sysfs. */
enum fwslot_status {
	FWSLOT_STATUS_IDLE,
	FWSLOT_STATUS_RECEIVING,
	FWSLOT_STATUS_PREPARING,
	FWSLOT_STATUS_ERASING,
	FWSLOT_STATUS_TRANSFERRING,
	FWSLOT_STATUS_VERIFYING,
	FWSLOT_STATUS_PROGRAMMING,
	FWSLOT_STATUS_ACTIVATING,
	FWSLOT_STATUS_RESTARTING,

	__FWSLOT_STATUS_MAX,
	FWSLOT_STATUS_MAX = __FWSLOT_STATUS_MAX - 1
};

enum fwslot_slot_state {
	FWSLOT_SLOT_STATE_UNKNOWN,	/* the device cannot tell */
	FWSLOT_SLOT_STATE_EMPTY,	/* erased */
	FWSLOT_SLOT_STATE_PARTIAL,	/* a write or an erase did not finish */
	FWSLOT_SLOT_STATE_VALID,	/* holds a whole image */
	FWSLOT_SLOT_STATE_INVALID,	/* holds an image that the device refused or that failed */
	FWSLOT_SLOT_STATE_PENDING,	/* activated, boots at the next restart */
	FWSLOT_SLOT_STATE_TRIAL,	/* running and not confirmed yet */
	FWSLOT_SLOT_STATE_CONFIRMED,	/* the firmware known to be good */

	__FWSLOT_SLOT_STATE_MAX,
	FWSLOT_SLOT_STATE_MAX = __FWSLOT_SLOT_STATE_MAX - 1
};

enum fwslot_boot_state {
	FWSLOT_BOOT_STATE_UNKNOWN,	/* nobody remembers whether it was confirmed */
	FWSLOT_BOOT_STATE_CONFIRMED,
	FWSLOT_BOOT_STATE_TRIAL,
	FWSLOT_BOOT_STATE_FALLBACK,	/* went back to the previous good slot */

	__FWSLOT_BOOT_STATE_MAX,
	FWSLOT_BOOT_STATE_MAX = __FWSLOT_BOOT_STATE_MAX - 1
};

enum fwslot_restart_reason {
	FWSLOT_RESTART_REASON_UNKNOWN,
	FWSLOT_RESTART_REASON_POWER_ON,
	FWSLOT_RESTART_REASON_COMMANDED,
	FWSLOT_RESTART_REASON_WATCHDOG,
	FWSLOT_RESTART_REASON_FAULT,
	FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED,

	__FWSLOT_RESTART_REASON_MAX,
	FWSLOT_RESTART_REASON_MAX = __FWSLOT_RESTART_REASON_MAX - 1
};

/* A device. NAME and everything after it is absent in DEV_DEL_NTF. */
enum {
	FWSLOT_A_DEV_INDEX = 1,		/* u32, the N of fwslotN */
	FWSLOT_A_DEV_NAME,		/* string */
	FWSLOT_A_DEV_PROVIDER,		/* string */
	FWSLOT_A_DEV_HARDWARE_ID,	/* string */
	FWSLOT_A_DEV_SERIAL,		/* string, absent if the device has none */
	FWSLOT_A_DEV_NUM_SLOTS,		/* u32 */
	FWSLOT_A_DEV_STATUS,		/* u32, enum fwslot_status */
	FWSLOT_A_DEV_BOOT,		/* nest of FWSLOT_A_BOOT_*, absent without boot control */

	__FWSLOT_A_DEV_MAX,
	FWSLOT_A_DEV_MAX = __FWSLOT_A_DEV_MAX - 1
};

/* The boot record of a device. A slot number that nobody knows is absent. */
enum {
	FWSLOT_A_BOOT_PAD = 1,
	FWSLOT_A_BOOT_TOTAL,		/* u64, boots ever seen */
	FWSLOT_A_BOOT_STATE,		/* u32, enum fwslot_boot_state */
	FWSLOT_A_BOOT_RUNNING,		/* u32, slot index */
	FWSLOT_A_BOOT_NEXT,		/* u32, slot index */
	FWSLOT_A_BOOT_FALLBACK,		/* u32, slot index: where the trial goes back to */
	FWSLOT_A_BOOT_LIMIT,		/* u32, 1..255 */
	FWSLOT_A_BOOT_ATTEMPTS,		/* u32 */
	FWSLOT_A_BOOT_ATTEMPTS_LEFT,	/* u32 */
	FWSLOT_A_BOOT_LAST_RESTART_REASON, /* u32, enum fwslot_restart_reason */

	__FWSLOT_A_BOOT_MAX,
	FWSLOT_A_BOOT_MAX = __FWSLOT_A_BOOT_MAX - 1
};

/* A slot. */
enum {
	FWSLOT_A_SLOT_PAD = 1,
	FWSLOT_A_SLOT_DEV_INDEX,	/* u32 */
	FWSLOT_A_SLOT_INDEX,		/* u32, the M of fwslotN.M */
	FWSLOT_A_SLOT_LABEL,		/* string */
	FWSLOT_A_SLOT_SIZE,		/* u64, capacity in bytes */
	FWSLOT_A_SLOT_STATE,		/* u32, enum fwslot_slot_state */
	FWSLOT_A_SLOT_ACTIVE,		/* flag: the device runs from it */
	FWSLOT_A_SLOT_NEXT,		/* flag: the device boots from it at the next restart */
	FWSLOT_A_SLOT_VERSION,		/* string, absent if unknown */
	FWSLOT_A_SLOT_IMAGE_SIZE,	/* u64, absent if unknown */
	FWSLOT_A_SLOT_DIGEST,		/* string "sha256:<64 hex>", absent if unknown */

	__FWSLOT_A_SLOT_MAX,
	FWSLOT_A_SLOT_MAX = __FWSLOT_A_SLOT_MAX - 1
};

/* How an operation on a slot is getting on. */
enum {
	FWSLOT_A_PROGRESS_PAD = 1,
	FWSLOT_A_PROGRESS_DEV_INDEX,	/* u32 */
	FWSLOT_A_PROGRESS_SLOT_INDEX,	/* u32 */
	FWSLOT_A_PROGRESS_STATUS,	/* u32, enum fwslot_status; idle in the last message */
	FWSLOT_A_PROGRESS_ERROR,	/* string "transferring:timeout", absent without an error */
	FWSLOT_A_PROGRESS_DONE,		/* u64, bytes done in this status */
	FWSLOT_A_PROGRESS_TOTAL,	/* u64, bytes to do in this status */

	__FWSLOT_A_PROGRESS_MAX,
	FWSLOT_A_PROGRESS_MAX = __FWSLOT_A_PROGRESS_MAX - 1
};

enum {
	FWSLOT_CMD_DEV_GET = 1,		/* do: DEV_INDEX; dump: all. Answers with FWSLOT_A_DEV_* */
	FWSLOT_CMD_SLOT_GET,		/* do: both indexes; dump: SLOT_DEV_INDEX or all */
	FWSLOT_CMD_DEV_ADD_NTF,		/* FWSLOT_A_DEV_*, its slots are there already */
	FWSLOT_CMD_DEV_DEL_NTF,		/* FWSLOT_A_DEV_INDEX */
	FWSLOT_CMD_SLOT_CHANGE_NTF,	/* FWSLOT_A_SLOT_* */
	FWSLOT_CMD_BOOT_NTF,		/* FWSLOT_A_DEV_*: it booted, or its boot record changed */
	FWSLOT_CMD_FALLBACK_NTF,	/* FWSLOT_A_DEV_*: it runs the previous firmware again */
	FWSLOT_CMD_PROGRESS_NTF,	/* FWSLOT_A_PROGRESS_* */

	__FWSLOT_CMD_MAX,
	FWSLOT_CMD_MAX = __FWSLOT_CMD_MAX - 1
};

#endif /* _UAPI_FWSLOT_NETLINK_H */
