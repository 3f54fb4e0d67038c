// SPDX-License-Identifier: GPL-2.0
/*
 * An image while it is received. Memory only; who may write into it is the caller's affair.
 *
 * A slot may be far larger than its image, and the length of the image is not known before its last
 * byte. So pages are taken as they are needed, and mapped in one piece when they are all there.
 */
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "image-buffer.h"

int fwslot_image_buffer_init(struct fwslot_image_buffer *buffer, size_t limit_bytes)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->pages = kvcalloc(DIV_ROUND_UP(limit_bytes, PAGE_SIZE), sizeof(*buffer->pages),
				 GFP_KERNEL_ACCOUNT);
	if (!buffer->pages)
		return -ENOMEM;
	buffer->limit_bytes = limit_bytes;
	return 0;
}

static int grow(struct fwslot_image_buffer *buffer, size_t length)
{
	while ((size_t)buffer->num_pages * PAGE_SIZE < length) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_HIGHMEM);

		if (!page)
			return -ENOMEM;
		buffer->pages[buffer->num_pages++] = page;
	}
	return 0;
}

int fwslot_image_buffer_append(struct fwslot_image_buffer *buffer, const void *data, u64 offset,
			       size_t length)
{
	int ret;

	if (offset != buffer->length)
		return -EINVAL;
	if (length > buffer->limit_bytes - buffer->length)
		return -EFBIG;
	ret = grow(buffer, buffer->length + length);
	if (ret)
		return ret;

	while (length) {
		size_t within = offset_in_page(buffer->length);
		size_t part = min_t(size_t, length, PAGE_SIZE - within);

		memcpy_to_page(buffer->pages[buffer->length / PAGE_SIZE], within, data, part);
		buffer->length += part;
		data += part;
		length -= part;
	}
	return 0;
}

int fwslot_image_buffer_map(struct fwslot_image_buffer *buffer)
{
	buffer->mapping = vmap(buffer->pages, buffer->num_pages, VM_MAP, PAGE_KERNEL_RO);
	return buffer->mapping ? 0 : -ENOMEM;
}

void fwslot_image_buffer_free(struct fwslot_image_buffer *buffer)
{
	vunmap(buffer->mapping);
	while (buffer->num_pages)
		__free_page(buffer->pages[--buffer->num_pages]);
	kvfree(buffer->pages);
	memset(buffer, 0, sizeof(*buffer));
}
