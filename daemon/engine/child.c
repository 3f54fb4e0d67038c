/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fork, exec and a pidfd in the event loop; SIGCHLD is not used, so nobody has to block it. */
#include "engine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macros.h"

#define CHILD_SOCKET_FD 3
#define CHILD_CANNOT_EXECUTE 127

struct child {
	pid_t pid;
	int pid_fd;
	sd_event_source *exit_source, *timer;
	bool is_timeout;
	void (*ended)(const struct child_end *end,
		      void *userdata); /* NULL = nobody cares any more */
	void *userdata;
};

/* The loop owns the exit source, and the source the structure: until the process is reaped, or the loop ends. */
static void destroy(void *userdata)
{
	struct child *child = userdata;

	sd_event_source_disable_unref(child->timer);
	close_fd(child->pid_fd);
	free(child);
}

static void kill_group(const struct child *child)
{
	/* The group has the child's number: not reaped yet, so the number cannot be another's. */
	if (kill(-child->pid, SIGKILL) < 0)
		(void)pidfd_send_signal(child->pid_fd, SIGKILL, NULL, 0);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct child *child = userdata;

	(void)source;
	(void)usec;
	child->is_timeout = true;
	kill_group(child);
	return 0;
}

static int on_exit_event(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct child *child = userdata;
	struct child_end end = { .is_timeout = child->is_timeout };
	void (*ended)(const struct child_end *, void *) = child->ended;
	void *ended_userdata = child->userdata;
	siginfo_t info = { 0 };

	(void)fd;
	(void)events;
	kill_group(child); /* what it started and left behind */
	if (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return 0;
	if (info.si_code == CLD_EXITED)
		end.status = info.si_status;
	else
		end.signal = info.si_status;
	child->ended = NULL;
	if (ended)
		ended(&end, ended_userdata);
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	(void)sd_event_source_set_floating(source,
					   false); /* the last reference: destroy() follows */
	return 0;
}

/* Only async-signal-safe calls from here to exec. */
static void become(const struct child_command *command, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have died between fork and prctl. */
	if (getppid() != parent)
		_exit(CHILD_CANNOT_EXECUTE);
	if (command->output_fd >= 0 && (dup2(command->output_fd, STDOUT_FILENO) < 0 ||
					dup2(command->output_fd, STDERR_FILENO) < 0))
		_exit(CHILD_CANNOT_EXECUTE);
	if (command->socket_fd == CHILD_SOCKET_FD)
		(void)fcntl(CHILD_SOCKET_FD, F_SETFD, 0);
	else if (command->socket_fd >= 0 && dup2(command->socket_fd, CHILD_SOCKET_FD) < 0)
		_exit(CHILD_CANNOT_EXECUTE);
	execve(command->path, command->arguments,
	       command->environment ? command->environment : environ);
	_exit(CHILD_CANNOT_EXECUTE);
}

static int watch(struct child *child, sd_event *event, uint64_t timeout_usec)
{
	int r;

	child->pid_fd = pidfd_open(child->pid, 0);
	if (child->pid_fd < 0)
		return -errno;
	r = sd_event_add_io(event, &child->exit_source, child->pid_fd, EPOLLIN, on_exit_event,
			    child);
	if (r >= 0 && timeout_usec != UINT64_MAX)
		r = sd_event_add_time_relative(event, &child->timer, CLOCK_BOOTTIME, timeout_usec,
					       0, on_timeout, child);
	return r;
}

/* From here on the loop owns it. */
static void hand_over(struct child *child)
{
	(void)sd_event_source_set_destroy_callback(child->exit_source, destroy);
	(void)sd_event_source_set_floating(child->exit_source, true);
	(void)sd_event_source_unref(child->exit_source);
}

int child_start(sd_event *event, const struct child_command *command,
		void (*ended)(const struct child_end *end, void *userdata), void *userdata,
		struct child **ret)
{
	struct child *child = calloc(1, sizeof(*child));
	pid_t parent = getpid();
	int r;

	if (!child)
		return -ENOMEM;
	child->pid_fd = -EBADF;
	child->pid = fork();
	if (child->pid == 0)
		become(command, parent);
	if (child->pid < 0) {
		r = -errno;
		free(child);
		return r;
	}
	r = watch(child, event, command->timeout_usec);
	if (r < 0) {
		/* Nothing will tell of its end: it has hardly begun, so waiting here is short. */
		(void)kill(child->pid, SIGKILL);
		(void)waitpid(child->pid, NULL, 0);
		sd_event_source_disable_unref(child->exit_source);
		destroy(child);
		return r;
	}
	child->ended = ended;
	child->userdata = userdata;
	hand_over(child);
	*ret = child;
	return 0;
}

struct child *child_free(struct child *child)
{
	if (!child)
		return NULL;
	child->timer = sd_event_source_disable_unref(child->timer);
	if (child->ended)
		kill_group(child);
	child->ended = NULL;
	return NULL;
}
