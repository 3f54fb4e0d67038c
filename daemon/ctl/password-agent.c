/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* It closes a pipe when it is registered; before that no call may be made. */
#include "ctl/password-agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define REGISTRATION_MSEC 5000

static _Noreturn void become_agent(pid_t parent, int notify_fd)
{
	char process[24], fd[24];

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(process, sizeof(process), "%d", (int)parent);
	snprintf(fd, sizeof(fd), "%d", notify_fd);
	(void)fcntl(notify_fd, F_SETFD, 0);
	if (getppid() == parent)
		execl(PASSWORD_AGENT, PASSWORD_AGENT, "--process", process, "--notify-fd", fd,
		      "--fallback", (char *)NULL);
	_exit(127);
}

pid_t password_agent_start(void)
{
	pid_t parent = getpid(), agent;
	struct pollfd ready;
	int pair[2];

	if (geteuid() == 0 || !isatty(STDIN_FILENO) || access(PASSWORD_AGENT, X_OK) < 0 ||
	    pipe2(pair, O_CLOEXEC) < 0)
		return 0;
	agent = fork();
	if (agent == 0)
		become_agent(parent, pair[1]);
	close(pair[1]);
	if (agent > 0) {
		ready = (struct pollfd){ .fd = pair[0], .events = POLLIN };
		while (poll(&ready, 1, REGISTRATION_MSEC) < 0 && errno == EINTR)
			;
	}
	close(pair[0]);
	return agent > 0 ? agent : 0;
}

void password_agent_stop(pid_t agent)
{
	if (agent <= 0)
		return;
	(void)kill(agent, SIGTERM);
	(void)kill(agent, SIGCONT);
	while (waitpid(agent, NULL, 0) < 0 && errno == EINTR)
		;
}
