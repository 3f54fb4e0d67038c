// SPDX-License-Identifier: GPL-2.0
/*
 * The vocabularies of the class, as tables. Words only; what they mean is in Documentation/ABI.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "words.h"

const char * const fwslot_status_words[] = {
	[FWSLOT_STATUS_IDLE]		= "idle",
	[FWSLOT_STATUS_RECEIVING]	= "receiving",
	[FWSLOT_STATUS_PREPARING]	= "preparing",
	[FWSLOT_STATUS_ERASING]		= "erasing",
	[FWSLOT_STATUS_TRANSFERRING]	= "transferring",
	[FWSLOT_STATUS_VERIFYING]	= "verifying",
	[FWSLOT_STATUS_PROGRAMMING]	= "programming",
	[FWSLOT_STATUS_ACTIVATING]	= "activating",
	[FWSLOT_STATUS_RESTARTING]	= "restarting",
};

const char * const fwslot_slot_state_words[] = {
	[FWSLOT_SLOT_STATE_UNKNOWN]	= "unknown",
	[FWSLOT_SLOT_STATE_EMPTY]	= "empty",
	[FWSLOT_SLOT_STATE_PARTIAL]	= "partial",
	[FWSLOT_SLOT_STATE_VALID]	= "valid",
	[FWSLOT_SLOT_STATE_INVALID]	= "invalid",
	[FWSLOT_SLOT_STATE_PENDING]	= "pending",
	[FWSLOT_SLOT_STATE_TRIAL]	= "trial",
	[FWSLOT_SLOT_STATE_CONFIRMED]	= "confirmed",
};

const char * const fwslot_boot_state_words[] = {
	[FWSLOT_BOOT_STATE_UNKNOWN]	= "unknown",
	[FWSLOT_BOOT_STATE_CONFIRMED]	= "confirmed",
	[FWSLOT_BOOT_STATE_TRIAL]	= "trial",
	[FWSLOT_BOOT_STATE_FALLBACK]	= "fallback",
};

const char * const fwslot_restart_reason_words[] = {
	[FWSLOT_RESTART_REASON_UNKNOWN]			= "unknown",
	[FWSLOT_RESTART_REASON_POWER_ON]		= "power-on",
	[FWSLOT_RESTART_REASON_COMMANDED]		= "commanded",
	[FWSLOT_RESTART_REASON_WATCHDOG]		= "watchdog",
	[FWSLOT_RESTART_REASON_FAULT]			= "fault",
	[FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED]	= "attempts-exhausted",
};

const char * const fwslot_error_words[] = {
	[FWSLOT_ERROR_NONE]			= "none",
	[FWSLOT_ERROR_HW_ERROR]			= "hw-error",
	[FWSLOT_ERROR_TIMEOUT]			= "timeout",
	[FWSLOT_ERROR_USER_ABORT]		= "user-abort",
	[FWSLOT_ERROR_DEVICE_BUSY]		= "device-busy",
	[FWSLOT_ERROR_INVALID_FILE_SIZE]	= "invalid-file-size",
	[FWSLOT_ERROR_READ_WRITE_ERROR]		= "read-write-error",
	[FWSLOT_ERROR_FLASH_WEAROUT]		= "flash-wearout",
	[FWSLOT_ERROR_FIRMWARE_INVALID]		= "firmware-invalid",
	[FWSLOT_ERROR_WRONG_DEVICE]		= "wrong-device",
	[FWSLOT_ERROR_DEVICE_GONE]		= "device-gone",
};

static const struct {
	int error;
	enum fwslot_error word;
} errno_words[] = {
	{ 0,		FWSLOT_ERROR_NONE },
	{ -EPROTO,	FWSLOT_ERROR_HW_ERROR },
	{ -ETIMEDOUT,	FWSLOT_ERROR_TIMEOUT },
	{ -ECANCELED,	FWSLOT_ERROR_USER_ABORT },
	{ -EBUSY,	FWSLOT_ERROR_DEVICE_BUSY },
	{ -EFBIG,	FWSLOT_ERROR_INVALID_FILE_SIZE },
	{ -ENOSPC,	FWSLOT_ERROR_INVALID_FILE_SIZE },
	{ -EIO,		FWSLOT_ERROR_READ_WRITE_ERROR },
	{ -EREMOTEIO,	FWSLOT_ERROR_READ_WRITE_ERROR },
	{ -EUCLEAN,	FWSLOT_ERROR_FLASH_WEAROUT },
	{ -EBADMSG,	FWSLOT_ERROR_FIRMWARE_INVALID },
	{ -EACCES,	FWSLOT_ERROR_FIRMWARE_INVALID },	/* a security module said no */
	{ -EPERM,	FWSLOT_ERROR_FIRMWARE_INVALID },
	{ -EMEDIUMTYPE,	FWSLOT_ERROR_WRONG_DEVICE },
	{ -ENODEV,	FWSLOT_ERROR_DEVICE_GONE },
	{ -ESHUTDOWN,	FWSLOT_ERROR_DEVICE_GONE },
};

enum fwslot_error fwslot_error_of_errno(int error)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errno_words); i++)
		if (errno_words[i].error == error)
			return errno_words[i].word;
	return FWSLOT_ERROR_HW_ERROR;
}
