/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket pair instead of systemd's socket; the rest is fetch-client.c's. */
#include "remote/fetch-spawn.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

int fetch_spawn(const char *program, struct fetch_client **ret, pid_t *ret_pid,
		struct failure *failure)
{
	_cleanup_close_ int ours = -EBADF, theirs = -EBADF;
	char *const arguments[] = { (char *)program, NULL };
	posix_spawn_file_actions_t actions;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail_errno(failure, errno, "Cannot make a socket");
	ours = pair[0];
	theirs = pair[1];
	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return fail_memory(failure);
	/* dup2() onto itself clears close-on-exec there too (POSIX, Austin Group 411). */
	r = posix_spawn_file_actions_adddup2(&actions, theirs, FETCH_SOCKET_FD);
	if (r == 0)
		r = posix_spawn(ret_pid, program, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return fail(failure, REASON_SERVICE_MISSING, "Cannot start %s: %s.", program,
			    strerror(r));
	if (fetch_client_new(TAKE_FD(ours), ret) < 0)
		return fail_memory(failure);
	return 0;
}
