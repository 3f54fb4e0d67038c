/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Deltas: what one is made of two images gives the second again; a hostile one gives an error, and costs no memory. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/macros.h"
#include "delta/delta.h"
#include "tap.h"

#define BASE_BYTES 300000
#define IMAGE_BYTES 301000

static uint8_t base[BASE_BYTES], image[IMAGE_BYTES], result[IMAGE_BYTES];

struct sink {
	size_t size;
};

static int take(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	struct sink *sink = userdata;

	if (size > sizeof(result) - sink->size)
		return fail(failure, REASON_INTERNAL, "more than the image was given");
	memcpy(result + sink->size, bytes, size);
	sink->size += size;
	return 0;
}

/* The word of how it ends; "ok" only if the image came. */
static const char *apply(const void *from, size_t from_bytes, const void *delta, size_t size,
			 uint64_t image_bytes)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct sink sink = { 0 };
	int r = delta_apply(from, from_bytes, delta, size, image_bytes,
			    &(struct delta_sink){ take, &sink }, &failure);

	if (r < 0)
		return reason_word(failure.reason);
	return sink.size == image_bytes && memcmp(result, image, sink.size) == 0 ? "ok" : "wrong";
}

/* Like firmware: not compressible, edited here and there, with something put in. */
static void fill(void)
{
	uint32_t state = 1;

	for (size_t i = 0; i < sizeof(base); i++) {
		state = state * 1664525 + 1013904223;
		base[i] = (uint8_t)(state >> 24);
	}
	memcpy(image, base, 100000);
	memset(image + 100000, 0x5a, IMAGE_BYTES - BASE_BYTES);
	memcpy(image + 100000 + (IMAGE_BYTES - BASE_BYTES), base + 100000, BASE_BYTES - 100000);
	for (size_t i = 500; i < sizeof(image); i += 9973)
		image[i] ^= 0x80;
}

/* A frame made by the library itself, but not as deltas are. */
static size_t frame(void *to, size_t room, const void *bytes, size_t size, int window_log,
		    bool says_size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	ZSTD_inBuffer input = { bytes, size, 0 };
	ZSTD_outBuffer output = { to, room, 0 };

	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, says_size);
	if (says_size)
		(void)ZSTD_CCtx_setPledgedSrcSize(context, size);
	while (ZSTD_compressStream2(context, &output, &input, ZSTD_e_end) > 0)
		;
	ZSTD_freeCCtx(context);
	return output.pos;
}

static void test_hostile(const char *delta, size_t size)
{
	static const uint8_t skippable[] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	static uint8_t zeros[IMAGE_BYTES], other[IMAGE_BYTES];
	uint8_t *longer = malloc(2 * size + sizeof(skippable));
	size_t length;

	tap_is_string(apply(base, sizeof(base) - 1, delta, size, sizeof(image)), "malformed",
		      "a base that is cut off");
	base[7] ^= 1;
	tap_is_string(apply(base, sizeof(base), delta, size, sizeof(image)), "malformed",
		      "a base with another byte: the frame's own checksum notices it");
	base[7] ^= 1;
	for (size_t cut = 0; cut < 20; cut++)
		if (strcmp(apply(base, sizeof(base), delta, size * cut / 20, sizeof(image)),
			   "ok") == 0)
			tap_bail("cut off at %zu of 20", cut);
	tap_ok(true, "a delta that is cut off anywhere is refused");
	memcpy(longer, delta, size);
	memcpy(longer + size, delta, size);
	tap_is_string(apply(base, sizeof(base), longer, 2 * size, sizeof(image)), "malformed",
		      "two frames");
	memcpy(longer + size, skippable, sizeof(skippable));
	tap_is_string(apply(base, sizeof(base), longer, size + sizeof(skippable), sizeof(image)),
		      "malformed", "something behind the frame");
	memcpy(longer, skippable, sizeof(skippable));
	memcpy(longer + sizeof(skippable), delta, size);
	tap_is_string(apply(base, sizeof(base), longer, size + sizeof(skippable), sizeof(image)),
		      "malformed", "or before it");
	free(longer);
	tap_is_string(apply(base, sizeof(base), delta, size, sizeof(image) - 1), "malformed",
		      "an image of another length");

	length = frame(other, sizeof(other), zeros, sizeof(zeros), 18, false);
	tap_is_string(apply(base, sizeof(base), other, length, sizeof(image)), "malformed",
		      "a frame that does not say how much comes of it");
	length = frame(other, sizeof(other), zeros, sizeof(zeros), 18, true);
	tap_is_string(apply(base, sizeof(base), other, length, sizeof(image)), "wrong",
		      "an honest frame of another content is another image, which its hash tells");
	tap_is_string(apply(base, sizeof(base), other, length, 1000), "malformed",
		      "one that unpacks to more than the image");
}

/* A gigabyte in a few bytes: what it announces is refused before memory is spent. */
static void test_bombs(void)
{
	static const uint8_t bomb[] = {
		0x28, 0xb5, 0x2f, 0xfd, 0x80,
		0xa0, 0x00, 0x00, 0x00, 0x40, /* window of 2^30, 2^30 bytes */
		0x03, 0x00, 0x08, 0x00, /* a last block: 2^17 times a byte */
	};
	static const uint8_t wide[] = {
		0x28, 0xb5, 0x2f, 0xfd,
		0x40, 0xa8, 0xc8, 0x96, /* window of 2^31, 38856 + 256 bytes */
		0x01, 0x00, 0x00,
	};

	tap_is_string(apply(base, sizeof(base), bomb, sizeof(bomb), 1 << 20), "malformed",
		      "a frame that announces a gigabyte");
	tap_is_string(apply(base, sizeof(base), bomb, sizeof(bomb), 1 << 30), "too-large",
		      "also where the metadata say the same");
	tap_is_string(apply(base, sizeof(base), wide, sizeof(wide), 0x96c8 + 256), "malformed",
		      "a frame that wants a window of two gigabytes");
}

int main(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	char *delta = NULL;
	size_t size = 0;

	fill();
	tap_is(delta_make(base, sizeof(base), image, sizeof(image), &delta, &size, &failure), 0,
	       "a delta is made");
	tap_ok(delta_is_useful(size, sizeof(image), sizeof(base)) && size < sizeof(image) / 10,
	       "it is small");
	tap_is_string(apply(base, sizeof(base), delta, size, sizeof(image)), "ok",
		      "and gives the image");
	tap_ok(!delta_is_useful(size, sizeof(image), 0) &&
		       !delta_is_useful(sizeof(image) * 61 / 100, sizeof(image), sizeof(base)) &&
		       !delta_is_useful(size, DELTA_IMAGE_BYTES_MAX + 1, sizeof(base)) &&
		       !delta_is_useful(size, sizeof(image), DELTA_IMAGE_BYTES_MAX + 1),
	       "what saves too little or is too large is of no use");
	test_hostile(delta, size);
	test_bombs();
	free(delta);
	return tap_done();
}
