/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may ask for fetches: by what the kernel says of the other end of the socket. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/macros.h"
#include "base/reason.h"

/* Root, the user FETCH_CLIENT_USER, and the user that we are ourselves. */
bool peer_is_allowed(uid_t uid);

/*
 * Accepts the connection @fd: a SOCK_SEQPACKET socket of AF_UNIX whose other end is an
 * allowed user's. -ENOTSOCK, -EPROTOTYPE or -EACCES with a @failure.
 */
_warn_unused_ int peer_check(int fd, struct failure *failure);
