/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What request.c does for the rest of the engine; its public face is manager.h. */
#pragma once

#include "engine/private.h"

/*
 * After a start of the daemon: opens the job's file in STATE/import once more. -ENOENT: it came as a descriptor, which
 * died with the process before, or it is gone.
 */
int request_open_bundle_again(struct job_entry *entry);
