/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection from a client: its requests in, replies out. The rules: base/fetch-protocol.h. */
#pragma once

#include "base/macros.h"
#include "base/reason.h"

/*
 * Serves the client on @fd until it closes the connection, breaks the rules, or is idle
 * for too long. 0, or a negative errno with a @failure worth a line in the log.
 */
_warn_unused_ int session_run(int fd, struct failure *failure);
