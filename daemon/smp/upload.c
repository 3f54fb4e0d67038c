/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/upload.h"

#include <errno.h>

#include "smp/header.h"
#include "smp/image.h"

static unsigned alignment(const struct smp_upload *upload)
{
	return upload->alignment ? upload->alignment : SMP_UPLOAD_ALIGNMENT;
}

uint64_t smp_upload_piece_end(const struct smp_upload *upload)
{
	size_t room = upload->message_size - SMP_HEADER_SIZE - smp_upload_overhead(upload->offset);
	uint64_t end = upload->offset + room;

	if (end >= upload->size)
		return upload->size;
	if (end - end % alignment(upload) > upload->offset + MCUBOOT_HEADER_SIZE)
		end -= end % alignment(upload);
	return end;
}

void smp_upload_request(const struct smp_upload *upload, struct smp_writer *writer)
{
	smp_write_upload(writer,
			 &(struct smp_upload_chunk){
				 .offset = upload->offset,
				 .total = upload->size,
				 .image = upload->image,
				 .sha = upload->sha,
				 .data = upload->bytes + upload->offset,
				 .size = (size_t)(smp_upload_piece_end(upload) - upload->offset),
			 });
}

int smp_upload_take(struct smp_upload *upload, const struct smp_upload_answer *answer)
{
	uint64_t sent = smp_upload_piece_end(upload);

	if (answer->offset > upload->size)
		return -EPROTO;
	if (answer->offset <= upload->offset && ++upload->rewinds > SMP_UPLOAD_REWINDS_MAX)
		return -ELOOP;
	if (answer->offset > sent)
		upload->is_resumed = true;
	else if (answer->offset > upload->offset && answer->offset < sent &&
		 alignment(upload) < SMP_UPLOAD_ALIGNMENT_MAX)
		upload->alignment = alignment(upload) * 2;
	upload->offset = answer->offset;
	if (upload->offset < upload->size)
		return 0;
	if (answer->has_match && !answer->is_match)
		return -EBADMSG;
	upload->is_done = true;
	return 0;
}
