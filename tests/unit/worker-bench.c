/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running fwslot-worker for tests. */
#include "worker-bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

static char folder[64] = "/tmp/fwslot-test-XXXXXX";
char bench_image[IMAGE_BYTES];

const char *outcome_value(const struct outcome *outcome, const char *key)
{
	const char *text = outcome->result ? packet_get(outcome->result, key) : NULL;

	return text ? text : "";
}

/* Collects packets until the worker's end of the socket is closed. */
static void receive_all(int socket, struct outcome *outcome)
{
	for (;;) {
		struct packet *packet;
		int fds[PACKET_FDS_MAX];
		uint64_t percent;

		if (packet_receive(socket, &packet, fds) < 0)
			return;
		close_fds(fds, PACKET_FDS_MAX);
		if (strcmp(packet_get(packet, WORKER_KEY_TYPE), WORKER_TYPE_PROGRESS) == 0) {
			outcome->progress++;
			if (packet_get_u64(packet, WORKER_KEY_PERCENT, 0, 100, &percent) < 0 ||
			    (int)percent <= outcome->last_percent)
				tap_bail("progress does not go up");
			outcome->last_percent = (int)percent;
			packet_free(packet);
			continue;
		}
		if (outcome->result)
			tap_bail("two results");
		outcome->result = packet;
	}
}

struct outcome worker_run(const struct packet *request, const int *fds, size_t fd_count)
{
	struct outcome outcome = { .last_percent = -1 };
	const char *build = getenv("BUILD");
	char program[256];
	int sockets[2];
	pid_t child;

	snprintf(program, sizeof(program), "%s/fwslot-worker", build ? build : "build");
	if (access(program, X_OK) < 0)
		tap_bail("%s is not built", program);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		tap_bail("no sockets");
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
	if (request && packet_send(sockets[0], request, fds, fd_count) < 0)
		tap_bail("cannot send the request");
	if (!request)
		shutdown(sockets[0], SHUT_WR);
	receive_all(sockets[0], &outcome);
	close(sockets[0]);
	waitpid(child, &outcome.status, 0);
	return outcome;
}

const char *bench_path(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* An open-bundle request for acme/dock, with changes. */
struct packet *bench_request(const struct change *changes)
{
	const struct change defaults[] = {
		{ WORKER_KEY_OPERATION, WORKER_OPEN_BUNDLE },
		{ WORKER_KEY_TRUST_DIR, bench_path("trust") },
		{ WORKER_KEY_ROOTS_DIRS, bench_path("remotes") },
		{ WORKER_KEY_STAGE_DIR, bench_path("payload") },
		{ WORKER_KEY_HARDWARE_IDS, "acme/dock/rev2,acme/dock" },
		{ WORKER_KEY_INSTALLED_COUNTER, "1" },
		{ WORKER_KEY_FLOOR, "0" },
		{ WORKER_KEY_SLOT_SIZE, "1000000" },
		{ WORKER_KEY_NOW_USEC, "1800000000000000" },
		{ WORKER_KEY_ALLOW_DOWNGRADE, "0" },
		{ WORKER_KEY_MAX_BYTES, "100000000" },
	};
	struct packet *packet = packet_new(PACKET_BYTES_MAX);

	for (size_t i = 0; changes && changes[i].key; i++)
		if (changes[i].value)
			packet_add(packet, changes[i].key, changes[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		bool is_changed = false;

		for (size_t j = 0; changes && changes[j].key; j++)
			is_changed = is_changed || strcmp(changes[j].key, defaults[i].key) == 0;
		if (!is_changed)
			packet_add(packet, defaults[i].key, defaults[i].value);
	}
	return packet;
}

/* How many files are in the folder of images? */
int bench_count_images(void)
{
	DIR *listing = opendir(bench_path("payload"));
	const struct dirent *entry;
	int count = 0;

	while ((entry = readdir(listing)))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(listing);
	return count;
}

void bench_shell(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && %s", folder, command);
	if (system(text) != 0)
		tap_bail("failed: %s", text);
}

void bench_add_source(const char *name, struct author *author)
{
	const struct author_file *root = author_find(author, "metadata/1.root.json");
	char command[256];
	int fd;

	snprintf(command, sizeof(command), "mkdir -p remotes/%s", name);
	bench_shell(command);
	snprintf(command, sizeof(command), "remotes/%s/root.json", name);
	fd = open(bench_path(command), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(&io_default, fd, root->bytes, root->size) < 0)
		tap_bail("no root");
	close(fd);
}

void bench_new_state(struct author *author)
{
	bench_shell("rm -rf trust payload remotes && mkdir -p payload");
	bench_add_source("acme", author);
}

void bench_begin(void)
{
	if (!mkdtemp(folder))
		tap_bail("no folder");
	for (size_t i = 0; i < sizeof(bench_image); i++)
		bench_image[i] = (char)(i * 2654435761U >> 16);
}

void bench_end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_is(system(command), 0, "cleaned up");
}

/* The usual repository: acme's dock at 1.1 (counter 2). */
struct author *bench_author(const char *index)
{
	static const char *const paths[] = { "acme/*", "acme/*/*", "acme/*/*/*", "acme/*/*/*/*",
					     NULL };
	struct author *author = author_new(SIGNER_ED25519);

	author_delegate(author, "targets", "acme", paths, true);
	author_add_target(author, "acme", "acme/dock/index.json", index, strlen(index), NULL);
	author_add_target(author, "acme", "acme/dock/1.1.bin", bench_image, sizeof(bench_image),
			  json_pack("{s:[s], s:i}", "hardware-ids", "acme/dock", "release-counter",
				    2));
	author_publish(author);
	return author;
}

const char bench_usual_index[] =
	"{\"format\":1,\"hardware-id\":\"acme/dock\",\"floor\":1,\"releases\":[{\"counter\":2,\"version\":\"1.1\","
	"\"urgency\":\"high\",\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}],"
	"\"notes\":{\"en\":\"Fixes a crash.\\nAnd more.\"}}]}";

struct outcome bench_open(int fd, const struct change *changes)
{
	struct packet *request = bench_request(changes);
	struct outcome outcome = worker_run(request, &fd, 1);

	packet_free(request);
	return outcome;
}

struct outcome bench_open_author(struct author *author, const struct change *changes)
{
	int fd = author_bundle(author);
	struct outcome outcome = bench_open(fd, changes);

	close(fd);
	return outcome;
}

/* The reason, which must come with a sentence; an image only if it is ok. */
void outcome_is(struct outcome outcome, const char *expected, const char *what)
{
	const char *reason = outcome_value(&outcome, WORKER_KEY_REASON);

	tap_is_string(reason, expected, what);
	tap_is(WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 0, true,
	       "and it ended well");
	if (strcmp(reason, "ok") != 0) {
		const char *message = outcome_value(&outcome, WORKER_KEY_MESSAGE);

		printf("# %s\n", message);
		tap_ok(strlen(message) > 20 && message[strlen(message) - 1] == '.', "and says why");
		tap_is(bench_count_images(), 0, "and leaves no image");
	}
	packet_free(outcome.result);
}
