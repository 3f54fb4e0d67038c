/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pwrite(2) and ftruncate(2) with a failure that a person understands. */
#include "fetch/output.h"

#include <errno.h>
#include <unistd.h>

int output_begin(struct output *output, uint64_t bytes, struct failure *failure)
{
	if (ftruncate(output->fd, (off_t)bytes) < 0)
		return fail_errno(failure, errno, "Cannot prepare the file to write into");
	output->bytes = bytes;
	return 0;
}

int output_append(struct output *output, const void *bytes, size_t size, struct failure *failure)
{
	const char *rest = bytes;

	while (size > 0) {
		ssize_t n = pwrite(output->fd, rest, size, (off_t)output->bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_errno(failure, n < 0 ? errno : ENOSPC,
					  "Cannot write what was fetched");
		output->bytes += (uint64_t)n;
		rest += n;
		size -= (size_t)n;
	}
	return 0;
}
