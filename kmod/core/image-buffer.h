/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An image while it is received: grows page by page, then is mapped in one piece.
 */
#ifndef _FWSLOT_IMAGE_BUFFER_H
#define _FWSLOT_IMAGE_BUFFER_H

#include <linux/types.h>

struct page;

/**
 * struct fwslot_image_buffer - received bytes; all zero is a valid empty one
 * @pages: the first @num_pages of room for all pages of @limit_bytes
 * @num_pages: pages in use
 * @length: bytes received
 * @limit_bytes: @length never exceeds it
 * @mapping: the bytes in one piece, or NULL before fwslot_image_buffer_map()
 */
struct fwslot_image_buffer {
	struct page **pages;
	unsigned int num_pages;
	size_t length;
	size_t limit_bytes;
	void *mapping;
};

/* Makes an empty buffer ready for at most @limit_bytes. Return: 0 or -ENOMEM. */
int fwslot_image_buffer_init(struct fwslot_image_buffer *buffer, size_t limit_bytes);

/*
 * Appends @length bytes that belong at @offset.
 * Return: 0, -EINVAL if @offset is not the end, -EFBIG beyond the limit, -ENOMEM. On error nothing
 * is appended.
 */
int fwslot_image_buffer_append(struct fwslot_image_buffer *buffer, const void *data, u64 offset,
			       size_t length);

/* Sets @mapping. Return: 0 or -ENOMEM. */
int fwslot_image_buffer_map(struct fwslot_image_buffer *buffer);

/* Releases everything; the buffer is as if never used. Any number of times. */
void fwslot_image_buffer_free(struct fwslot_image_buffer *buffer);

#endif /* _FWSLOT_IMAGE_BUFFER_H */
