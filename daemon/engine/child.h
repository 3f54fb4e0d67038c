/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child process under a time limit: started, watched, killed with all it started. Its end is heard in the event loop;
 * nothing here waits. Knows nothing of what the child does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

struct child;

/* How it ended. */
struct child_end {
	bool is_timeout; /* it was killed because it took too long */
	int signal; /* that ended it, 0 = it exited */
	int status; /* with which it exited */
};

struct child_command {
	const char *path;
	char *const *arguments; /* with the name first, ends with NULL */
	char *const *environment; /* NULL = ours */
	int socket_fd; /* becomes descriptor 3, -EBADF = none */
	int output_fd; /* becomes standard output and error, -EBADF = ours */
	uint64_t timeout_usec; /* UINT64_MAX = none */
};

/*
 * Starts it in a process group of its own; it dies when we die (PR_SET_PDEATHSIG). @ended is called once, from the event
 * loop, and never after child_free(); when it returns, the child is gone and its pointer to be forgotten. A program that
 * cannot be executed ends with status 127. -errno
 */
int child_start(sd_event *event, const struct child_command *command,
		void (*ended)(const struct child_end *end, void *userdata), void *userdata,
		struct child **ret);
/* Before @ended was called: kills the whole group; it is reaped later, by the event loop. */
struct child *child_free(struct child *child);
