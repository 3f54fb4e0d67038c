/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a device can answer instead of what was asked: SMP's own codes and those of the image group,
 * each with a word for the log and the errno that it becomes. One table; no input, no output.
 */
#pragma once

#include <stdint.h>

/* Codes below 256 of answers in version 1, and of frame-level errors in version 2. */
enum smp_code {
	SMP_CODE_OK = 0,
	SMP_CODE_NO_MEMORY = 2,
	SMP_CODE_INVALID = 3,
	SMP_CODE_BAD_STATE = 6,
	SMP_CODE_MESSAGE_SIZE = 7,
	SMP_CODE_NOT_SUPPORTED = 8,
	SMP_CODE_BUSY = 10,
};

#define SMP_REASON_MAX 63
/* The "group" of a plain {rc}: which group's codes these are nobody says, they are SMP's own. */
#define SMP_NO_GROUP UINT16_MAX

struct smp_failure {
	uint16_t group; /* SMP_NO_GROUP, or the one that {err: {group}} names */
	uint32_t code; /* SMP_CODE_OK: no failure */
	char reason[SMP_REASON_MAX + 1]; /* the device's own words ("rsn"), often empty */
};

/* 0 for no failure, else a negative errno; codes nobody knows are -EREMOTEIO. */
int smp_failure_errno(const struct smp_failure *failure);

/* "no such slot" and the like: static, never NULL. */
const char *smp_failure_word(const struct smp_failure *failure);
