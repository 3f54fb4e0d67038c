// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's vocabularies: enum to word and back, one table each. The words are the ABI of
 * kmod/Documentation/ABI; nothing here reads or writes an attribute.
 */
#include <string.h>

#include "base/macros.h"
#include "kernel/device.h"

static const char *const status_words[KERNEL_STATUS_MAX] = {
	[KERNEL_STATUS_IDLE] = "idle",
	[KERNEL_STATUS_RECEIVING] = "receiving",
	[KERNEL_STATUS_PREPARING] = "preparing",
	[KERNEL_STATUS_ERASING] = "erasing",
	[KERNEL_STATUS_TRANSFERRING] = "transferring",
	[KERNEL_STATUS_VERIFYING] = "verifying",
	[KERNEL_STATUS_PROGRAMMING] = "programming",
	[KERNEL_STATUS_ACTIVATING] = "activating",
	[KERNEL_STATUS_RESTARTING] = "restarting",
};

static const char *const boot_state_words[KERNEL_BOOT_MAX] = {
	[KERNEL_BOOT_UNKNOWN] = "unknown",
	[KERNEL_BOOT_CONFIRMED] = "confirmed",
	[KERNEL_BOOT_TRIAL] = "trial",
	[KERNEL_BOOT_FALLBACK] = "fallback",
};

static const char *const slot_state_words[KERNEL_SLOT_STATE_MAX] = {
	[KERNEL_SLOT_UNKNOWN] = "unknown",	 [KERNEL_SLOT_EMPTY] = "empty",
	[KERNEL_SLOT_PARTIAL] = "partial",	 [KERNEL_SLOT_VALID] = "valid",
	[KERNEL_SLOT_INVALID_IMAGE] = "invalid", [KERNEL_SLOT_PENDING] = "pending",
	[KERNEL_SLOT_TRIAL] = "trial",		 [KERNEL_SLOT_CONFIRMED] = "confirmed",
};

static const char *const restart_reason_words[KERNEL_RESTART_MAX] = {
	[KERNEL_RESTART_UNKNOWN] = "unknown",
	[KERNEL_RESTART_POWER_ON] = "power-on",
	[KERNEL_RESTART_COMMANDED] = "commanded",
	[KERNEL_RESTART_WATCHDOG] = "watchdog",
	[KERNEL_RESTART_FAULT] = "fault",
	[KERNEL_RESTART_ATTEMPTS_EXHAUSTED] = "attempts-exhausted",
};

static const char *word_of(const char *const *words, size_t count, int value)
{
	return value >= 0 && (size_t)value < count ? words[value] : NULL;
}

static int value_of(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -22; /* every ..._INVALID */
}

const char *kernel_status_to_string(enum kernel_status value)
{
	return word_of(status_words, ARRAY_SIZE(status_words), value);
}

enum kernel_status kernel_status_from_string(const char *word)
{
	return value_of(status_words, ARRAY_SIZE(status_words), word);
}

const char *kernel_boot_state_to_string(enum kernel_boot_state value)
{
	return word_of(boot_state_words, ARRAY_SIZE(boot_state_words), value);
}

enum kernel_boot_state kernel_boot_state_from_string(const char *word)
{
	return value_of(boot_state_words, ARRAY_SIZE(boot_state_words), word);
}

const char *kernel_slot_state_to_string(enum kernel_slot_state value)
{
	return word_of(slot_state_words, ARRAY_SIZE(slot_state_words), value);
}

enum kernel_slot_state kernel_slot_state_from_string(const char *word)
{
	return value_of(slot_state_words, ARRAY_SIZE(slot_state_words), word);
}

const char *kernel_restart_reason_to_string(enum kernel_restart_reason value)
{
	return word_of(restart_reason_words, ARRAY_SIZE(restart_reason_words), value);
}

enum kernel_restart_reason kernel_restart_reason_from_string(const char *word)
{
	return value_of(restart_reason_words, ARRAY_SIZE(restart_reason_words), word);
}
