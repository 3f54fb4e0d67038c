/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From two images to the delta between them. It takes time and memory, once, at the vendor's. */
#include <stdlib.h>

#include <zstd.h>

#include "base/macros.h"
#include "delta/delta.h"

#define LEVEL 19

static size_t begin(ZSTD_CCtx *context, const void *base, size_t base_bytes, size_t image_bytes)
{
	const struct {
		ZSTD_cParameter parameter;
		int value;
	} settings[] = {
		{ ZSTD_c_compressionLevel, LEVEL },
		{ ZSTD_c_windowLog, delta_window_log(base_bytes, image_bytes) },
		{ ZSTD_c_enableLongDistanceMatching, 1 },
		{ ZSTD_c_checksumFlag, 1 }, /* a wrong base is noticed early */
		{ ZSTD_c_contentSizeFlag, 1 },
	};
	size_t r = 0;

	for (size_t i = 0; !ZSTD_isError(r) && i < ARRAY_SIZE(settings); i++)
		r = ZSTD_CCtx_setParameter(context, settings[i].parameter, settings[i].value);
	return ZSTD_isError(r) ? r : ZSTD_CCtx_refPrefix(context, base, base_bytes);
}

int delta_make(const void *base, size_t base_bytes, const void *image, size_t image_bytes,
	       char **ret, size_t *ret_bytes, struct failure *failure)
{
	size_t room = ZSTD_compressBound(image_bytes), size;
	ZSTD_CCtx *context = ZSTD_createCCtx();
	char *delta = malloc(room);

	if (!context || !delta) {
		(void)ZSTD_freeCCtx(context);
		free(delta);
		return fail_memory(failure);
	}
	size = begin(context, base, base_bytes, image_bytes);
	if (!ZSTD_isError(size))
		size = ZSTD_compress2(context, delta, room, image, image_bytes);
	(void)ZSTD_freeCCtx(context);
	if (ZSTD_isError(size)) {
		free(delta);
		return fail(failure, REASON_INTERNAL, "The delta cannot be made: %s.",
			    ZSTD_getErrorName(size));
	}
	*ret = delta;
	*ret_bytes = size;
	return 0;
}
