/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drops what the worker does not need: privileges to gain, memory, files, system calls,
 * and every folder but those it was given. Nothing dropped comes back.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

#define WORKER_MEMORY_BYTES_MAX (768ULL * 1024 * 1024) /* RLIMIT_AS */
#define WORKER_CPU_SECONDS_MAX 300 /* RLIMIT_CPU */
#define WORKER_FILES_MAX 1024 /* RLIMIT_NOFILE */
#define WORKER_FOLDERS_MAX 32 /* folders in a sandbox */

enum folder_access {
	FOLDER_READ,
	FOLDER_WRITE, /* and read, make, rename, remove files and folders in it */
};

struct sandbox_folder {
	const char *path;
	enum folder_access access;
};

/* At the very start: no new privileges, no dumps, resource limits, and to die with fwslotd. */
_warn_unused_ int sandbox_begin(struct failure *failure);

/*
 * Before the first untrusted byte: from now on only these folders (Landlock, where the
 * kernel has it; a folder that does not exist is left out), files of at most
 * @file_bytes_max, and the system calls that reading, hashing and writing take.
 */
_warn_unused_ int sandbox_enter(const struct sandbox_folder *folders, size_t count,
				uint64_t file_bytes_max, struct failure *failure);
