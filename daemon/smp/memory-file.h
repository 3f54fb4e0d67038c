/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a memory (memory.h) in a small text file, one line for each thing remembered, replaced
 * atomically. What it holds is a convenience: a file that is missing or damaged is an empty memory,
 * never a reason not to start.
 */
#pragma once

#include "base/io.h"
#include "smp/memory.h"

#define SMP_MEMORY_FILE_MAX_BYTES 8192
#define SMP_MEMORY_NAME_SIZE 96

/*
 * The name of the file for one device: its hardware id and serial number, with everything but
 * letters, digits, "-", "." and "_" replaced by "_", cut to SMP_MEMORY_NAME_SIZE.
 */
void smp_memory_name(const char *hardware_id, const char *serial,
		     char name[static SMP_MEMORY_NAME_SIZE]);

/* 0; -ENOENT: no such file; -EBADMSG: it is damaged. In both cases *@ret is the empty memory. */
_warn_unused_ int smp_memory_load(int dir_fd, const char *name, struct smp_memory *ret);

_warn_unused_ int smp_memory_save(const struct io_operations *io, int dir_fd, const char *name,
				  const struct smp_memory *memory);
