/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a base and a delta to the image: all that a frame announces is looked at before memory is spent on it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "delta/delta.h"

#define WINDOW_LOG_MIN 10

bool delta_is_useful(uint64_t delta_bytes, uint64_t image_bytes, uint64_t base_bytes)
{
	return base_bytes > 0 && image_bytes > 0 && delta_bytes > 0 &&
	       base_bytes <= DELTA_IMAGE_BYTES_MAX && image_bytes <= DELTA_IMAGE_BYTES_MAX &&
	       delta_bytes <= image_bytes * DELTA_PERCENT_MAX / 100;
}

int delta_window_log(uint64_t base_bytes, uint64_t image_bytes)
{
	uint64_t larger = base_bytes > image_bytes ? base_bytes : image_bytes;
	int log = WINDOW_LOG_MIN;

	while (log < DELTA_WINDOW_LOG_MAX && (UINT64_C(1) << log) < larger)
		log++;
	return log < DELTA_WINDOW_LOG_MAX ? log + 1 : log;
}

/* One frame and nothing else, of which it is known how much it unpacks to. */
static int check_frame(const void *delta, size_t delta_bytes, uint64_t image_bytes,
		       struct failure *failure)
{
	/* ZSTD_MAGICNUMBER as it lies in a file: no skippable frame, nothing of older versions. */
	static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	unsigned long long announced;
	size_t frame_bytes;

	if (delta_bytes < sizeof(magic) || memcmp(delta, magic, sizeof(magic)) != 0)
		return fail(failure, REASON_MALFORMED, "The delta is not a zstd frame.");
	announced = ZSTD_getFrameContentSize(delta, delta_bytes);
	if (announced != image_bytes)
		return fail(failure, REASON_MALFORMED,
			    "The delta does not say that it unpacks to the %" PRIu64
			    " bytes of the image.",
			    image_bytes);
	frame_bytes = ZSTD_findFrameCompressedSize(delta, delta_bytes);
	if (ZSTD_isError(frame_bytes) || frame_bytes != delta_bytes)
		return fail(failure, REASON_MALFORMED,
			    "The delta is cut off, or something follows it.");
	return 0;
}

static int begin(ZSTD_DCtx *context, const void *base, size_t base_bytes, uint64_t image_bytes,
		 struct failure *failure)
{
	size_t r = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax,
					  delta_window_log(base_bytes, image_bytes));

	if (!ZSTD_isError(r))
		r = ZSTD_DCtx_refPrefix(context, base, base_bytes);
	return ZSTD_isError(r) ? fail(failure, REASON_INTERNAL, "The delta cannot be begun: %s.",
				      ZSTD_getErrorName(r)) :
				 0;
}

static int unpack(ZSTD_DCtx *context, ZSTD_inBuffer *input, void *buffer, uint64_t image_bytes,
		  const struct delta_sink *sink, struct failure *failure)
{
	uint64_t done = 0;
	size_t left;
	int r = 0;

	do {
		ZSTD_outBuffer output = { buffer, ZSTD_DStreamOutSize(), 0 };
		size_t before = input->pos;

		left = ZSTD_decompressStream(context, &output, input);
		if (ZSTD_isError(left))
			return fail(failure, REASON_MALFORMED,
				    "The delta cannot be unpacked after %" PRIu64
				    " bytes of the image: %s.",
				    done, ZSTD_getErrorName(left));
		if (output.pos > image_bytes - done)
			return fail(failure, REASON_MALFORMED,
				    "The delta unpacks to more than the image.");
		if (left > 0 && output.pos == 0 && input->pos == before)
			return fail(failure, REASON_MALFORMED, "The delta does not end.");
		done += output.pos;
		if (output.pos > 0)
			r = sink->take(sink->userdata, buffer, output.pos, failure);
	} while (r >= 0 && left > 0);
	if (r >= 0 && done != image_bytes)
		return fail(failure, REASON_MALFORMED, "The delta unpacks to less than the image.");
	return r < 0 ? r : 0;
}

int delta_apply(const void *base, size_t base_bytes, const void *delta, size_t delta_bytes,
		uint64_t image_bytes, const struct delta_sink *sink, struct failure *failure)
{
	ZSTD_inBuffer input = { delta, delta_bytes, 0 };
	ZSTD_DCtx *context;
	void *buffer;
	int r;

	if (!delta_is_useful(delta_bytes, image_bytes, base_bytes))
		return fail(failure, REASON_TOO_LARGE,
			    "The delta, its image or its base is larger than allowed.");
	r = check_frame(delta, delta_bytes, image_bytes, failure);
	if (r < 0)
		return r;
	context = ZSTD_createDCtx();
	buffer = malloc(ZSTD_DStreamOutSize());
	r = context && buffer ? begin(context, base, base_bytes, image_bytes, failure) :
				fail_memory(failure);
	if (r >= 0)
		r = unpack(context, &input, buffer, image_bytes, sink, failure);
	free(buffer);
	(void)ZSTD_freeDCtx(context);
	return r;
}
