/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open-bundle STATE ROOT HARDWARE-ID BUNDLE [KEY=VALUE]...: asks fwslot-worker (beside
 * this program's folder, or $FWSLOT_WORKER) to open a bundle for a device, as fwslotd
 * does, and prints the result, one KEY=VALUE a line. STATE is made; ROOT is the
 * root.json that is trusted. Exit status 0: REASON=ok.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/packet.h"
#include "base/time.h"
#include "base/worker-protocol.h"

static int die(const char *what)
{
	fprintf(stderr, "open-bundle: %s: %s\n", what, strerror(errno));
	return 2;
}

static struct packet *make_request(const char *state, const char *hardware_id, char **changes,
				   int count)
{
	const char *const defaults[][2] = {
		{ WORKER_KEY_HARDWARE_IDS, hardware_id },
		{ WORKER_KEY_INSTALLED_COUNTER, "0" },
		{ WORKER_KEY_FLOOR, "0" },
		{ WORKER_KEY_SLOT_SIZE, "0" },
		{ WORKER_KEY_ALLOW_DOWNGRADE, "0" },
		{ WORKER_KEY_MAX_BYTES, "1073741824" },
	};
	struct packet *packet = packet_new(PACKET_BYTES_MAX);

	packet_add(packet, WORKER_KEY_OPERATION, WORKER_OPEN_BUNDLE);
	packet_add_format(packet, WORKER_KEY_TRUST_DIR, "%s/trust", state);
	packet_add_format(packet, WORKER_KEY_ROOTS_DIRS, "%s/remotes.d", state);
	packet_add_format(packet, WORKER_KEY_STAGE_DIR, "%s/payload", state);
	for (int i = 0; i < count; i++) {
		char *equals = strchr(changes[i], '=');

		if (!equals)
			continue;
		*equals = 0;
		packet_add(packet, changes[i], equals + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!packet_get(packet, defaults[i][0]))
			packet_add(packet, defaults[i][0], defaults[i][1]);
	if (!packet_get(packet, WORKER_KEY_NOW_USEC))
		packet_add_u64(packet, WORKER_KEY_NOW_USEC, time_now_realtime());
	return packet;
}

/* STATE/remotes.d/vendor/root.json and the other folders. */
static int make_state(const char *state, const char *root)
{
	static const char *const folders[] = { "", "/trust", "/payload", "/remotes.d",
					       "/remotes.d/vendor" };
	_cleanup_free_ char *bytes = NULL;
	_cleanup_close_ int fd = -EBADF;
	char path[1024];
	size_t size;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s%s", state, folders[i]);
		r = io_default.mkdir(&io_default, AT_FDCWD, path, 0700);
		if (r < 0)
			return r;
	}
	r = file_read(AT_FDCWD, root, 1 << 20, &bytes, &size);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : file_write_atomic(&io_default, fd, "root.json", bytes, size, 0600);
}

static pid_t start_worker(const char *program, int *ret_socket)
{
	int sockets[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		if (dup2(sockets[1], WORKER_SOCKET_FD) < 0)
			_exit(126);
		if (sockets[1] == WORKER_SOCKET_FD)
			fcntl(sockets[1], F_SETFD, 0);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(sockets[1]);
	*ret_socket = sockets[0];
	return child;
}

/* Prints the result's fields; returns the exit status. */
static int show(const struct packet *result)
{
	size_t size;
	const char *bytes = packet_bytes(result, &size), *field = bytes + 1;

	for (; field < bytes + size; field += strlen(field) + 1)
		puts(field);
	return strcmp(packet_get(result, WORKER_KEY_REASON), "ok") == 0 ? 0 : 1;
}

static int receive_result(int socket)
{
	for (;;) {
		_cleanup_packet_ struct packet *packet = NULL;
		int fds[PACKET_FDS_MAX], r = packet_receive(socket, &packet, fds);

		close_fds(fds, PACKET_FDS_MAX);
		if (r < 0) {
			errno = -r;
			return die("no result");
		}
		if (strcmp(packet_get(packet, WORKER_KEY_TYPE), WORKER_TYPE_RESULT) == 0)
			return show(packet);
	}
}

int main(int count, char **arguments)
{
	_cleanup_packet_ struct packet *request = NULL;
	const char *given = getenv("FWSLOT_WORKER");
	char program[1024];
	int socket, bundle, status;

	if (count < 5) {
		fprintf(stderr,
			"usage: open-bundle STATE ROOT HARDWARE-ID BUNDLE [KEY=VALUE]...\n");
		return 2;
	}
	snprintf(program, sizeof(program), "%s/../fwslot-worker", dirname(strdupa(arguments[0])));
	status = make_state(arguments[1], arguments[2]);
	if (status < 0) {
		errno = -status;
		return die(arguments[1]);
	}
	bundle = open(arguments[4], O_RDONLY | O_CLOEXEC);
	if (bundle < 0)
		return die(arguments[4]);
	request = make_request(arguments[1], arguments[3], arguments + 5, count - 5);
	if (start_worker(given ? given : program, &socket) < 0)
		return die("cannot start the worker");
	if (packet_send(socket, request, &bundle, 1) < 0)
		return die("cannot send");
	status = receive_result(socket);
	close(socket);
	while (wait(NULL) > 0)
		;
	return status;
}
