/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the worker can be asked to do: one function for each OP of base/worker-protocol.h. */
#pragma once

#include "base/packet.h"
#include "base/reason.h"

/*
 * Performs the request, reporting progress on @socket. @fds are the descriptors that came
 * with it (the caller closes them; absent ones are -EBADF). On success @ret is the result
 * to send, which the caller frees.
 */
typedef int (*operation_t)(const struct packet *request, const int *fds, int socket,
			   struct packet **ret, struct failure *failure);

_warn_unused_ int operation_open_bundle(const struct packet *request, const int *fds, int socket,
					struct packet **ret, struct failure *failure);
_warn_unused_ int operation_download(const struct packet *request, const int *fds, int socket,
				     struct packet **ret, struct failure *failure);
_warn_unused_ int operation_refresh(const struct packet *request, const int *fds, int socket,
				    struct packet **ret, struct failure *failure);
_warn_unused_ int operation_write_slot(const struct packet *request, const int *fds, int socket,
				       struct packet **ret, struct failure *failure);
_warn_unused_ int operation_back_up(const struct packet *request, const int *fds, int socket,
				    struct packet **ret, struct failure *failure);
_warn_unused_ int operation_unpack_backup(const struct packet *request, const int *fds, int socket,
					  struct packet **ret, struct failure *failure);
_warn_unused_ int operation_export_backup(const struct packet *request, const int *fds, int socket,
					  struct packet **ret, struct failure *failure);
