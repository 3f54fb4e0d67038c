/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said to systemd so that a file outlives the daemon, and how it is found again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/ops.h"
#include "tap.h"

static const struct engine_ops *const ops = &engine_default_ops;

static bool is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) >= 0 && fstat(b, &other) >= 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

/* What systemd hears, and the descriptor beside it (-1: none). */
static int hear(int listener, char *text, size_t size)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int)) + CMSG_SPACE(64)];
	} control = { 0 };
	struct iovec bytes = { text, size - 1 };
	struct msghdr message = { .msg_iov = &bytes,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(listener, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = -1;

	text[length > 0 ? length : 0] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); length > 0 && c;
	     c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* The first descriptor is 3, as systemd gives them: before anything else is open. */
static void test_taking_back(void)
{
	struct held_file files[HELD_FILES_MAX];
	char process[16];
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (fd != SD_LISTEN_FDS_START)
		tap_bail("descriptor %d is not the first free one", SD_LISTEN_FDS_START);
	snprintf(process, sizeof(process), "%d", (int)getpid());
	setenv("LISTEN_PID", process, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "job-7", 1);
	tap_is((long)ops->files_held(ops, files), 1, "one file was held");
	tap_is_string(files[0].name, "job-7", "under its name");
	tap_is(files[0].fd, fd, "it is that descriptor");
	tap_ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "which no child inherits");
	tap_is((long)ops->files_held(ops, files), 0, "it is given once");
	close(fd);
}

static void test_holding(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd, heard;
	char text[128];

	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsetenv("NOTIFY_SOCKET");
	tap_is(ops->file_hold(ops, "job-7", fd), -ENOTCONN, "without systemd nobody holds files");
	snprintf(address.sun_path, sizeof(address.sun_path), "@fwslot-held-%d", (int)getpid());
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	address.sun_path[0] = '\0';
	if (bind(listener, (const struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     strlen(address.sun_path + 1))) < 0)
		tap_bail("no socket: %s", strerror(errno));
	tap_is(ops->file_hold(ops, "job-7", fd), 0, "a file is given to systemd");
	heard = hear(listener, text, sizeof(text));
	tap_is_string(text, "FDSTORE=1\nFDNAME=job-7", "with its name");
	tap_ok(heard >= 0 && is_same_file(heard, fd), "and its descriptor");
	ops->file_let_go(ops, "job-7");
	tap_is(hear(listener, text, sizeof(text)), -1, "then it is let go");
	tap_is_string(text, "FDSTOREREMOVE=1\nFDNAME=job-7", "by its name");
	close_fd(heard);
	close_fd(fd);
	close_fd(listener);
}

int main(void)
{
	test_taking_back();
	test_holding();
	return tap_done();
}
