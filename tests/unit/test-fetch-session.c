/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-fetch's side of a connection when the client breaks the rules. The session runs
 * in a process of its own; no web server is needed: each rule is broken before, or while
 * a server that never answers is waited for.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fetch-protocol.h"
#include "base/file.h"
#include "base/packet.h"
#include "fetch/peer.h"
#include "fetch/session.h"
#include "tap.h"

#define LINES_MAX 8
#define ANSWER_MSEC 10000

/* A session, and our end of its socket. */
struct scene {
	int client, file;
	pid_t pid;
};

static void scene_open(struct scene *scene)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		tap_bail("no socket");
	fflush(stdout);
	scene->pid = fork();
	if (scene->pid == 0) {
		struct failure failure = { 0 };
		int r;

		close(pair[0]);
		r = session_run(pair[1], &failure);
		failure_clear(&failure);
		exit(r < 0 ? 1 : 0); /* such that leaks are found */
	}
	close(pair[1]);
	scene->client = pair[0];
	scene->file = memfd_create("file", MFD_CLOEXEC);
}

static int scene_close(struct scene *scene)
{
	int status = -1;

	close_fd(scene->client);
	close_fd(scene->file);
	waitpid(scene->pid, &status, 0);
	return status;
}

static void ask(struct scene *scene, const char *const lines[LINES_MAX], const int *fds,
		size_t fd_count)
{
	_cleanup_packet_ struct packet *packet = packet_new(4096);

	for (size_t i = 0; i < LINES_MAX && lines[i]; i++) {
		char key[PACKET_KEY_MAX + 1] = "";
		const char *value = strchr(lines[i], '=') + 1;

		memcpy(key, lines[i], (size_t)(value - lines[i]) - 1);
		if (packet_add(packet, key, value) < 0)
			tap_bail("no request");
	}
	(void)!packet_send(scene->client, packet, fds, fd_count);
}

#define ASK(scene, ...) ask(scene, (const char *const[LINES_MAX]){ __VA_ARGS__ }, NULL, 0)
#define ASK_WITH_FILE(scene, ...) \
	ask(scene, (const char *const[LINES_MAX]){ __VA_ARGS__ }, &(scene)->file, 1)

/* The reason of the next reply; "closed" or "silence" where there is none. */
static const char *answer(struct scene *scene)
{
	_cleanup_packet_ struct packet *packet = NULL;
	struct pollfd wait = { .fd = scene->client, .events = POLLIN };
	int fds[PACKET_FDS_MAX], r;
	const char *word;

	if (poll(&wait, 1, ANSWER_MSEC) != 1)
		return "silence";
	r = packet_receive(scene->client, &packet, fds);
	if (r == -ECONNRESET)
		r = packet_receive(scene->client, &packet, fds);
	if (r < 0)
		return "closed";
	word = packet_get(packet, FETCH_KEY_REASON);
	return word ? reason_word(reason_from_word(word)) : "no result";
}

static void check_first_requests(void)
{
	static const struct {
		const char *what;
		const char *lines[LINES_MAX];
	} rows[] = {
		{ "a fetch before the session is open",
		  { "OP=fetch", "URL=http://a/", "MAX_BYTES=1" } },
		{ "an unknown operation", { "OP=put" } },
		{ "no operation", { "URL=http://a/" } },
		{ "a session with a mistake", { "OP=open", "TRUST=me" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene scene;

		scene_open(&scene);
		ask(&scene, rows[i].lines, NULL, 0);
		tap_is_string(answer(&scene), "invalid-argument", rows[i].what);
		tap_is_string(answer(&scene), "closed", "ends the session");
		tap_is(scene_close(&scene), 0, "in good order");
	}
}

static void check_second_open(void)
{
	struct scene scene;

	scene_open(&scene);
	ASK(&scene, "OP=open");
	tap_is_string(answer(&scene), "ok", "a session is opened");
	ASK(&scene, "OP=open");
	tap_is_string(answer(&scene), "invalid-argument", "but not twice");
	tap_is_string(answer(&scene), "closed", "and ends");
	scene_close(&scene);
}

static void check_bad_fetches(void)
{
	struct scene scene;
	int two[2];

	scene_open(&scene);
	ASK(&scene, "OP=open");
	answer(&scene);
	ASK(&scene, "OP=cancel");
	ASK(&scene, "OP=fetch", "URL=http://a/", "MAX_BYTES=1");
	tap_is_string(answer(&scene), "invalid-argument", "a fetch into nothing is refused");
	two[0] = two[1] = scene.file;
	ask(&scene, (const char *const[LINES_MAX]){ "OP=fetch", "URL=http://a/", "MAX_BYTES=1" },
	    two, 2);
	tap_is_string(answer(&scene), "invalid-argument", "and one into two files");
	ASK_WITH_FILE(&scene, "OP=fetch", "URL=ftp://a/", "MAX_BYTES=1");
	tap_is_string(answer(&scene), "invalid-argument", "and one from elsewhere");
	ASK_WITH_FILE(&scene, "OP=fetch", "URL=http://127.0.0.1:1/", "MAX_BYTES=1");
	tap_is_string(answer(&scene), "network-unreachable", "and the session goes on after each");
	tap_is(scene_close(&scene), 0, "until the client leaves");
}

static void check_no_packet(void)
{
	struct scene scene;
	int status;

	scene_open(&scene);
	if (write(scene.client, "GET / HTTP/1.0\r\n\r\n", 18) != 18)
		tap_bail("no words");
	tap_is_string(answer(&scene), "malformed", "what is no packet is called so");
	tap_is_string(answer(&scene), "closed", "and ends the session");
	status = scene_close(&scene);
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "with a line in the log");
}

/* A port that accepts and says nothing. */
static int silent_port(unsigned int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		tap_bail("no port");
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void begin_waiting(struct scene *scene, unsigned int port)
{
	char url[64];

	snprintf(url, sizeof(url), "URL=http://127.0.0.1:%u/", port);
	scene_open(scene);
	ASK(scene, "OP=open");
	answer(scene);
	ASK_WITH_FILE(scene, "OP=fetch", url, "MAX_BYTES=1", "TOTAL_MSEC=60000");
}

static void check_during_fetch(void)
{
	_cleanup_close_ int listener = -EBADF;
	struct scene scene;
	unsigned int port;

	listener = silent_port(&port);
	begin_waiting(&scene, port);
	ASK(&scene, "OP=cancel");
	tap_is_string(answer(&scene), "cancelled", "a fetch is cancelled");
	ASK_WITH_FILE(&scene, "OP=fetch", "URL=http://127.0.0.1:1/", "MAX_BYTES=1");
	tap_is_string(answer(&scene), "network-unreachable", "and the session goes on");
	scene_close(&scene);

	begin_waiting(&scene, port);
	ASK_WITH_FILE(&scene, "OP=fetch", "URL=http://127.0.0.1:1/", "MAX_BYTES=1");
	tap_is_string(answer(&scene), "invalid-argument", "a second fetch during the first");
	tap_is_string(answer(&scene), "closed", "ends the session");
	scene_close(&scene);

	begin_waiting(&scene, port);
	if (write(scene.client, "\x01xyz", 4) != 4)
		tap_bail("no words");
	tap_is_string(answer(&scene), "malformed", "nonsense during a fetch is called so");
	tap_is_string(answer(&scene), "closed", "and ends the session");
	scene_close(&scene);

	begin_waiting(&scene, port);
	tap_is(scene_close(&scene), 0, "a client that leaves during a fetch ends the service");
}

static void check_peers(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	int pair[2], pipes[2];

	tap_ok(peer_is_allowed(0) && peer_is_allowed(geteuid()), "root and ourselves may ask");
	tap_ok(!peer_is_allowed(65533), "others may not");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		tap_bail("no socket");
	tap_is(peer_check(pair[0], NULL), 0, "a connection from ourselves is taken");
	close(pair[0]);
	close(pair[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || pipe(pipes) < 0)
		tap_bail("no socket");
	tap_is(peer_check(pair[0], &failure), -EPROTOTYPE, "a stream is not");
	tap_is(peer_check(pipes[0], NULL), -EPROTOTYPE, "nor a pipe");
	tap_is(peer_check(-1, NULL), -EPROTOTYPE, "nor nothing");
	close(pair[0]);
	close(pair[1]);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	check_first_requests();
	check_second_open();
	check_bad_fetches();
	check_no_packet();
	check_during_fetch();
	check_peers();
	return tap_done();
}
