/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * STATE/payload: authenticated images, each a file named by its SHA-256, put there by the worker (fsynced, then named).
 * A file stays as long as an unfinished job needs it. Its content is not trusted when it is used: the kernel's digest of
 * what was written is compared with the authenticated one.
 */
#pragma once

#include "engine/private.h"

/* @digest "sha256:<hex>"; a file of exactly @length_bytes */
bool payload_is_there(struct manager *manager, const char *digest, uint64_t length_bytes);
/* Removes the image of a job that has ended, unless another one needs it. */
void payload_drop(struct manager *manager, struct job_entry *entry);
/* Removes every file that no unfinished job needs: what a crash left behind. */
void payload_remove_leftovers(struct manager *manager);
