/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vocabularies of the class: from number to word, and from errno to error word.
 */
#ifndef _FWSLOT_WORDS_H
#define _FWSLOT_WORDS_H

#include <linux/string.h>

#include "uapi/fwslot_netlink.h"

/* How an operation can fail. The first nine words are those of the kernel's firmware upload. */
enum fwslot_error {
	FWSLOT_ERROR_NONE,
	FWSLOT_ERROR_HW_ERROR,
	FWSLOT_ERROR_TIMEOUT,
	FWSLOT_ERROR_USER_ABORT,
	FWSLOT_ERROR_DEVICE_BUSY,
	FWSLOT_ERROR_INVALID_FILE_SIZE,
	FWSLOT_ERROR_READ_WRITE_ERROR,
	FWSLOT_ERROR_FLASH_WEAROUT,
	FWSLOT_ERROR_FIRMWARE_INVALID,
	FWSLOT_ERROR_WRONG_DEVICE,
	FWSLOT_ERROR_DEVICE_GONE,
};

extern const char * const fwslot_status_words[FWSLOT_STATUS_MAX + 1];
extern const char * const fwslot_slot_state_words[FWSLOT_SLOT_STATE_MAX + 1];
extern const char * const fwslot_boot_state_words[FWSLOT_BOOT_STATE_MAX + 1];
extern const char * const fwslot_restart_reason_words[FWSLOT_RESTART_REASON_MAX + 1];
extern const char * const fwslot_error_words[FWSLOT_ERROR_DEVICE_GONE + 1];

/* The longest "<status>:<error>" and its end. */
#define FWSLOT_ERROR_TEXT_SIZE 40

enum fwslot_error fwslot_error_of_errno(int error);

/* The word of write-only attributes that order something; no other will do. */
static inline bool fwslot_is_order(const char *word)
{
	return sysfs_streq(word, "1");
}

#endif /* _FWSLOT_WORDS_H */
