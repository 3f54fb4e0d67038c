/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fwslot-fetch of one's own, where no systemd starts it: for programs run by hand and
 * for tests. The daemon does not use this.
 */
#pragma once

#include <sys/types.h>

#include "base/macros.h"
#include "base/reason.h"
#include "remote/fetch-client.h"

/*
 * Starts @program as our child and connects to it. It ends by itself when the client is
 * freed; the caller then waits for @ret_pid.
 */
_warn_unused_ int fetch_spawn(const char *program, struct fetch_client **ret, pid_t *ret_pid,
			      struct failure *failure);
