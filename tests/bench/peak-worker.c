/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in for fwslot-worker: runs the real one ($REAL_WORKER) with its descriptors, and appends the
 * most memory that it had, in KiB, to $PEAK_FILE when it ends. Looking at /proc now and then
 * would miss a worker that is there for a moment only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void note(long kib)
{
	const char *path = getenv("PEAK_FILE");
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (!file || fprintf(file, "%ld\n", kib) < 0 || fclose(file) != 0)
		fprintf(stderr, "peak-worker: cannot write %s: %s\n", path ? path : "PEAK_FILE",
			strerror(errno));
}

int main(int argc, char **argv)
{
	const char *program = getenv("REAL_WORKER");
	struct rusage usage;
	int status;
	pid_t pid;

	if (!program || argc < 1) {
		fprintf(stderr, "peak-worker: REAL_WORKER is not set\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		/* Who kills us means the worker. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(program, argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("peak-worker");
		return 1;
	}
	note(usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
