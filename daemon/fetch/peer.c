/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file mode of the socket keeps others out already; this holds also when it was changed. */
#include "fetch/peer.h"

#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fetch-protocol.h"

#define PASSWD_BUFFER_BYTES 4096

bool peer_is_allowed(uid_t uid)
{
	char buffer[PASSWD_BUFFER_BYTES];
	struct passwd entry, *found = NULL;

	if (uid == 0 || uid == geteuid())
		return true;
	return getpwnam_r(FETCH_CLIENT_USER, &entry, buffer, sizeof(buffer), &found) == 0 &&
	       found && found->pw_uid == uid;
}

int peer_check(int fd, struct failure *failure)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(int);
	int domain = 0, type = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || domain != AF_UNIX ||
	    type != SOCK_SEQPACKET) {
		fail(failure, REASON_INVALID_ARGUMENT,
		     "Descriptor %d is not a connection from a client: this program is started by "
		     "fwslot-fetch.socket.",
		     fd);
		return -EPROTOTYPE;
	}
	size = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return fail_errno(failure, errno, "Cannot tell who the client is");
	if (!peer_is_allowed(peer.uid)) {
		fail(failure, REASON_ACCESS_DENIED,
		     "A process of user %u is connected, but only root and the user %s may be.",
		     peer.uid, FETCH_CLIENT_USER);
		return -EACCES;
	}
	return 0;
}
