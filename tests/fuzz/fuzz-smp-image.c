/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An MCUboot image as somebody may hand it in: read, within its bounds, or refused with a sentence.
 *
 * covers: daemon/smp/image.c
 */
#include <stdlib.h>
#include <string.h>

#include "smp/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct mcuboot_image image;
	const char *problem = NULL;
	int r = mcuboot_image_read(bytes, size, &image, &problem);

	if (r < 0 ? !problem :
		    image.size_bytes > size || image.hash_size == 0 ||
			    image.hash_size > SMP_HASH_MAX ||
			    strlen(image.version) > SMP_VERSION_TEXT_MAX)
		abort();
	return 0;
}
