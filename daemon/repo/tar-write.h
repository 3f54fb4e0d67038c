/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the kind of tar that remote/tar.c reads, always the same bytes for the same
 * files: mode 0644, owner 0, time 0; names of more than 100 bytes by a pax header.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/io.h"
#include "base/reason.h"

struct tar_writer {
	const struct io_operations *io;
	int fd;
	const char *what; /* the file's name, for failures */
};

_warn_unused_ int tar_write_entry(struct tar_writer *writer, const char *name, const void *bytes,
				  size_t size, struct failure *failure);
/* The end marker. */
_warn_unused_ int tar_write_end(struct tar_writer *writer, struct failure *failure);
