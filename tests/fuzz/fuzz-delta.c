/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A delta, whatever is in it: never more than the image that is expected, and that length exactly when it succeeds.
 *
 * covers: daemon/delta/apply.c
 */
#include <stdint.h>
#include <string.h>

#include "delta/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE_BYTES 4096

struct count {
	uint64_t taken, allowed;
};

static int take(void *userdata, const void *bytes, size_t size, struct failure *failure _unused_)
{
	struct count *count = userdata;
	uint64_t sum = 0;

	if (size > count->allowed - count->taken)
		__builtin_trap();
	count->taken += size;
	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
	return sum == UINT64_MAX ? -1 : 0; /* never: so that every byte is read */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t base[BASE_BYTES];
	struct count count = { 0 };
	uint32_t length;

	/* The image's length, so that the fuzzer can let it agree with the frame's. */
	if (size < sizeof(length))
		return 0;
	memcpy(&length, data, sizeof(length));
	count.allowed = length;
	for (size_t i = 0; i < sizeof(base); i++)
		base[i] = (uint8_t)(i * i >> 4);
	if (delta_apply(base, sizeof(base), data + sizeof(length), size - sizeof(length), length,
			&(struct delta_sink){ take, &count }, NULL) >= 0 &&
	    count.taken != count.allowed)
		__builtin_trap();
	return 0;
}
