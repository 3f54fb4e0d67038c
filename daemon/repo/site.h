/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder a vendor works in:
 *
 *   keys/ROLE.N.pem       private keys, 0600; never to be published
 *   site/metadata/        what devices read: copy site/ to any web server
 *   site/targets/
 *   work/config.json      expiry and threshold of each role
 *   work/targets/         indexes and images under their target paths
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/io.h"
#include "base/reason.h"

#define SITE_IMAGE_BYTES_MAX (1024UL * 1024 * 1024)

struct site {
	const struct io_operations *io;
	int keys_fd;
	int metadata_fd;
	int targets_fd;
	int work_fd;
	int work_targets_fd;
};

#define SITE_CLOSED                                                                \
	{                                                                          \
		.keys_fd = -1, .metadata_fd = -1, .targets_fd = -1, .work_fd = -1, \
		.work_targets_fd = -1                                              \
	}

/* Makes the folders (all of the path @folder); existing ones are kept. */
_warn_unused_ int site_create(const char *folder, struct site *ret, struct failure *failure);
/* Opens what site_create() made. */
_warn_unused_ int site_open(const char *folder, struct site *ret, struct failure *failure);
void site_close(struct site *site);
#define _cleanup_site_ _cleanup_(site_close)

/* Writes the file @path ("a/b/c") below @folder_fd atomically, making folders on the way. */
_warn_unused_ int site_write(const struct site *site, int folder_fd, const char *path,
			     const void *bytes, size_t size, mode_t mode, struct failure *failure);

/* Reads a file below @folder_fd. -ENOENT without a failure: not there. */
_warn_unused_ int site_read(int folder_fd, const char *path, size_t max_bytes, char **ret,
			    size_t *ret_size, struct failure *failure);
