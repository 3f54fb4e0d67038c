/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-worker as fwslotd uses it: a process with a socket, one request, one result.
 * Every refusal is provoked here and told by its word; nothing is left behind by one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/packet.h"
#include "base/worker-protocol.h"
#include "repo/tar-write.h"
#include "tap.h"
#include "tuf-author.h"

#define IMAGE_BYTES 300000

static char folder[64] = "/tmp/fwslot-test-XXXXXX";
static char image[IMAGE_BYTES];

/* What a test changes of the request; NULL: the default. */
struct change {
	const char *key;
	const char *value;
};

/* The result of one worker. */
struct outcome {
	struct packet *result; /* NULL: it sent none */
	unsigned int progress; /* packets before it */
	int last_percent;
	int status;
};

static const char *value(const struct outcome *outcome, const char *key)
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

static struct outcome run_worker(const struct packet *request, const int *fds, size_t fd_count)
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

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

/* An open-bundle request for acme/dock, with changes. */
static struct packet *new_request(const struct change *changes)
{
	const struct change defaults[] = {
		{ WORKER_KEY_OPERATION, WORKER_OPEN_BUNDLE },
		{ WORKER_KEY_TRUST_DIR, path_of("trust") },
		{ WORKER_KEY_ROOTS_DIRS, path_of("remotes") },
		{ WORKER_KEY_STAGE_DIR, path_of("payload") },
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
static int count_images(void)
{
	DIR *listing = opendir(path_of("payload"));
	const struct dirent *entry;
	int count = 0;

	while ((entry = readdir(listing)))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(listing);
	return count;
}

static void shell(const char *command)
{
	char text[512];

	snprintf(text, sizeof(text), "cd %s && %s", folder, command);
	if (system(text) != 0)
		tap_bail("failed: %s", text);
}

/* An empty state folder that trusts the author. */
static void new_state(struct author *author)
{
	const struct author_file *root = author_find(author, "metadata/1.root.json");
	int fd;

	shell("rm -rf trust payload remotes && mkdir -p payload remotes/acme");
	fd = open(path_of("remotes/acme/root.json"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(&io_default, fd, root->bytes, root->size) < 0)
		tap_bail("no root");
	close(fd);
}

/* The usual repository: acme's dock at 1.1 (counter 2). */
static struct author *new_author(const char *index)
{
	static const char *const paths[] = { "acme/*", "acme/*/*", "acme/*/*/*", "acme/*/*/*/*",
					     NULL };
	struct author *author = author_new(SIGNER_ED25519);

	author_delegate(author, "targets", "acme", paths, true);
	author_add_target(author, "acme", "acme/dock/index.json", index, strlen(index), NULL);
	author_add_target(author, "acme", "acme/dock/1.1.bin", image, sizeof(image),
			  json_pack("{s:[s], s:i}", "hardware-ids", "acme/dock", "release-counter",
				    2));
	author_publish(author);
	return author;
}

static const char usual_index[] =
	"{\"format\":1,\"hardware-id\":\"acme/dock\",\"floor\":1,\"releases\":[{\"counter\":2,\"version\":\"1.1\","
	"\"urgency\":\"high\",\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}],"
	"\"notes\":{\"en\":\"Fixes a crash.\\nAnd more.\"}}]}";

static struct outcome open_fd(int fd, const struct change *changes)
{
	struct packet *request = new_request(changes);
	struct outcome outcome = run_worker(request, &fd, 1);

	packet_free(request);
	return outcome;
}

static struct outcome open_author(struct author *author, const struct change *changes)
{
	int fd = author_bundle(author);
	struct outcome outcome = open_fd(fd, changes);

	close(fd);
	return outcome;
}

/* The reason, which must come with a sentence; an image only if it is ok. */
static void is_outcome(struct outcome outcome, const char *expected, const char *what)
{
	const char *reason = value(&outcome, WORKER_KEY_REASON);

	tap_is_string(reason, expected, what);
	tap_is(WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 0, true,
	       "and it ended well");
	if (strcmp(reason, "ok") != 0) {
		const char *message = value(&outcome, WORKER_KEY_MESSAGE);

		printf("# %s\n", message);
		tap_ok(strlen(message) > 20 && message[strlen(message) - 1] == '.', "and says why");
		tap_is(count_images(), 0, "and leaves no image");
	}
	packet_free(outcome.result);
}

static void test_ok(void)
{
	struct author *author = new_author(usual_index);
	struct outcome outcome;
	_cleanup_free_ char *staged = NULL;
	char path[256];
	size_t size;

	new_state(author);
	outcome = open_author(author, NULL);
	tap_is_string(value(&outcome, WORKER_KEY_REASON), "ok", "a good bundle");
	tap_is_string(value(&outcome, WORKER_KEY_PATH), "acme/dock/1.1.bin", "path");
	tap_is_string(value(&outcome, WORKER_KEY_VERSION), "1.1", "version");
	tap_is_string(value(&outcome, WORKER_KEY_COUNTER), "2", "counter");
	tap_is_string(value(&outcome, WORKER_KEY_LENGTH), "300000", "length");
	tap_is_string(value(&outcome, WORKER_KEY_SLOT), "", "for any slot");
	tap_is_string(value(&outcome, WORKER_KEY_NEW_FLOOR), "1", "the floor when it is confirmed");
	tap_is_string(value(&outcome, WORKER_KEY_URGENCY), "high", "urgency");
	tap_is_string(value(&outcome, WORKER_KEY_SIGNER), "acme", "signer");
	tap_is_string(value(&outcome, WORKER_KEY_REMOTE), "acme", "update source");
	tap_is_string(value(&outcome, WORKER_KEY_HARDWARE_ID), "acme/dock", "hardware id");
	tap_is_string(value(&outcome, WORKER_KEY_SUMMARY), "Fixes a crash.",
		      "the note's first line");
	tap_is(strlen(value(&outcome, WORKER_KEY_SIGNER_KEYS)), 64,
	       "a digest of the signer's keys");
	tap_is(outcome.last_percent, 100, "progress ends at 100");
	snprintf(path, sizeof(path), "payload/%s", value(&outcome, WORKER_KEY_SHA256));
	tap_ok(file_read(AT_FDCWD, path_of(path), sizeof(image), &staged, &size) >= 0 &&
		       size == sizeof(image) && memcmp(staged, image, size) == 0,
	       "the image is there under its digest");
	packet_free(outcome.result);
	is_outcome(open_author(author, NULL), "ok", "the same bundle again");
	tap_is(count_images(), 1, "is one image");
	author_free(author);
}

/* Rows that need only another request. */
static void test_requests(void)
{
	static const struct {
		const char *what;
		struct change changes[4];
		const char *expected;
	} rows[] = {
		{ "for another device",
		  { { WORKER_KEY_HARDWARE_IDS, "acme/hub7" } },
		  "incompatible" },
		{ "for another vendor's device",
		  { { WORKER_KEY_HARDWARE_IDS, "other/hub7" } },
		  "incompatible" },
		{ "below the floor", { { WORKER_KEY_FLOOR, "3" } }, "below-floor" },
		{ "below the floor, though a downgrade is allowed",
		  { { WORKER_KEY_FLOOR, "3" }, { WORKER_KEY_ALLOW_DOWNGRADE, "1" } },
		  "below-floor" },
		{ "older than what is installed",
		  { { WORKER_KEY_INSTALLED_COUNTER, "3" } },
		  "downgrade" },
		{ "installed already",
		  { { WORKER_KEY_INSTALLED_COUNTER, "2" } },
		  "already-installed" },
		{ "installed already, by version",
		  { { WORKER_KEY_INSTALLED_COUNTER, "0" },
		    { WORKER_KEY_INSTALLED_VERSION, "1.1" } },
		  "already-installed" },
		{ "a version that is not in it",
		  { { WORKER_KEY_WANT_VERSION, "9" } },
		  "no-such-target" },
		{ "expired", { { WORKER_KEY_NOW_USEC, "1900000000000000" } }, "expired" },
		{ "a larger bundle than allowed",
		  { { WORKER_KEY_MAX_BYTES, "200000" } },
		  "too-large" },
		{ "an image larger than the slot",
		  { { WORKER_KEY_SLOT_SIZE, "299999" } },
		  "too-large" },
		{ "a hardware id that is none",
		  { { WORKER_KEY_HARDWARE_IDS, "../x" } },
		  "invalid-argument" },
		{ "no hardware id", { { WORKER_KEY_HARDWARE_IDS, NULL } }, "invalid-argument" },
		{ "no time", { { WORKER_KEY_NOW_USEC, NULL } }, "invalid-argument" },
		{ "a floor that is no number", { { WORKER_KEY_FLOOR, "-1" } }, "invalid-argument" },
		{ "an operation nobody knows",
		  { { WORKER_KEY_OPERATION, "format-disk" } },
		  "invalid-argument" },
		{ "no trusted source",
		  { { WORKER_KEY_ROOTS_DIRS, "/nonexistent" } },
		  "unknown-signer" },
		{ "a folder of images that is not there",
		  { { WORKER_KEY_STAGE_DIR, "/nonexistent" } },
		  "io-error" },
	};
	struct author *author = new_author(usual_index);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		new_state(author);
		is_outcome(open_author(author, rows[i].changes), rows[i].expected, rows[i].what);
	}
	new_state(author);
	is_outcome(open_author(author, (struct change[]){ { WORKER_KEY_INSTALLED_COUNTER, "3" },
							  { WORKER_KEY_ALLOW_DOWNGRADE, "1" },
							  { 0 } }),
		   "ok", "a downgrade that is asked for");
	author_free(author);
}

static void test_signatures(void)
{
	struct author *author = new_author(usual_index), *stranger = new_author(usual_index);
	struct author_file *file;
	struct author_role *timestamp = author_role(author, "timestamp");

	new_state(author);
	is_outcome(open_author(stranger, NULL), "unknown-signer", "signed by a stranger");
	author_put_signed(author, "timestamp.json", timestamp->part, NULL, 0);
	is_outcome(open_author(author, NULL), "unsigned", "unsigned");
	author_remove(author, "metadata/timestamp.json");
	is_outcome(open_author(author, NULL), "unsigned", "without metadata");
	author_publish(author);
	file = author_find(author, "metadata/timestamp.json");
	memcpy(strstr(file->bytes, "2027-06"), "2027-07", 7);
	is_outcome(open_author(author, NULL), "bad-signature", "an altered timestamp");
	author_publish(author);
	file = author_find(author, "metadata/1.acme.json");
	memcpy(strstr(file->bytes, "2027-06"), "2027-07", 7);
	is_outcome(open_author(author, NULL), "bad-signature", "an altered vendor role");
	author_publish(author);
	author_put_signed(author, "1.acme.json", author_role(author, "acme")->part,
			  author_role(stranger, "acme")->signers, 1);
	is_outcome(open_author(author, NULL), "unknown-signer",
		   "a vendor role signed by a stranger");
	author_publish(author);
	is_outcome(open_author(author, NULL), "ok", "and the right one");
	author_free(author);
	author_free(stranger);
}

/* The name of the tar entry that holds the target @path. */
static struct author_file *find_target_file(struct author *author, const char *base)
{
	for (size_t i = 0; i < author->file_count; i++) {
		const char *dot = strchr(author->files[i].name, '.');

		if (strncmp(author->files[i].name, "targets/", 8) == 0 && dot &&
		    strcmp(dot + 1, base) == 0)
			return &author->files[i];
	}
	tap_bail("no target %s", base);
}

static void test_content(void)
{
	struct author *author = new_author(usual_index);
	struct author_file *file = find_target_file(author, "1.1.bin");

	new_state(author);
	file->bytes[1000] ^= 1;
	is_outcome(open_author(author, NULL), "wrong-digest", "one bit of the image is another");
	file->bytes[1000] ^= 1;
	file->size--;
	is_outcome(open_author(author, NULL), "truncated", "the image is a byte short");
	file->size++;
	author_put(author, file->name, "x", 1);
	is_outcome(open_author(author, NULL), "truncated", "another image in its place");
	author_remove(author, file->name);
	is_outcome(open_author(author, NULL), "not-listed", "the image is not in the bundle");
	author_add_target(author, "acme", "acme/dock/1.1.bin", image, sizeof(image), NULL);
	file = find_target_file(author, "index.json");
	file->bytes[12] ^= 1;
	is_outcome(open_author(author, NULL), "wrong-digest", "an altered index");
	author_free(author);
}

/* Authenticated, but not good: what the vendor himself did wrong. */
static void test_index(void)
{
	static const struct {
		const char *what;
		const char *index;
		const char *expected;
	} rows[] = {
		{ "not JSON", "{", "malformed" },
		{ "another format", "{\"format\":2,\"hardware-id\":\"acme/dock\",\"releases\":[]}",
		  "malformed" },
		{ "an index for another device",
		  "{\"format\":1,\"hardware-id\":\"acme/hub\",\"releases\":[]}", "incompatible" },
		{ "no release", "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[]}",
		  "no-such-target" },
		{ "an image that nobody lists",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"slots\":[{\"path\":\"acme/dock/none.bin\"}]}]}",
		  "no-such-target" },
		{ "another counter than the image's own entry",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":3,\"version\":\"1.1\","
		  "\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "incompatible" },
		{ "a stepping stone",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"min-counter\":2,\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "min-counter" },
		{ "a device that must be newer",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"requires\":[{\"hardware-id\":\"acme/hub\",\"min-counter\":2}],"
		  "\"slots\":[{\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "requires" },
		{ "a slot the device does not have",
		  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		  "\"slots\":[{\"slot\":\"radio\",\"path\":\"acme/dock/1.1.bin\"}]}]}",
		  "no-such-slot" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct author *author = new_author(rows[i].index);

		new_state(author);
		is_outcome(open_author(author, NULL), rows[i].expected, rows[i].what);
		author_free(author);
	}
}

static void test_slots_and_inventory(void)
{
	struct author *author = new_author(
		"{\"format\":1,\"hardware-id\":\"acme/dock\",\"releases\":[{\"counter\":2,\"version\":\"1.1\","
		"\"requires\":[{\"hardware-id\":\"acme/hub\",\"min-counter\":2}],"
		"\"slots\":[{\"slot\":\"b\",\"path\":\"acme/dock/1.1.bin\"}]}]}");
	const struct change changes[] = {
		{ WORKER_KEY_SLOT_LABEL_COUNT, "2" },
		{ WORKER_KEY_SLOT_LABEL "0", "a" },
		{ WORKER_KEY_SLOT_LABEL "1", "b" },
		{ WORKER_KEY_INVENTORY_COUNT, "1" },
		{ WORKER_KEY_INVENTORY "0", "acme/hub main 2" },
		{ 0 },
	};
	struct outcome outcome;

	new_state(author);
	outcome = open_author(author, changes);
	tap_is_string(value(&outcome, WORKER_KEY_SLOT), "b", "the slot the image is for");
	is_outcome(outcome, "ok", "with labels and an inventory");
	author_free(author);
}

/* A custom entry that denies the device is the second lock. */
static void test_custom(void)
{
	struct author *author = new_author(usual_index);

	author_add_target(author, "acme", "acme/dock/1.1.bin", image, sizeof(image),
			  json_pack("{s:[s]}", "hardware-ids", "acme/hub7"));
	author_publish(author);
	new_state(author);
	is_outcome(open_author(author, NULL), "incompatible",
		   "the image's own entry is for another device");
	author_free(author);
}

static void test_rollback(void)
{
	struct author *author = new_author(usual_index);
	int old = author_bundle(author);

	new_state(author);
	author_publish_next(author);
	is_outcome(open_author(author, NULL), "ok", "a newer bundle");
	shell("rm -f payload/*");
	is_outcome(open_fd(old, NULL), "ok",
		   "an older one with what is still trusted serves as a store of targets");
	shell("rm -f payload/*");
	author_add_target(author, "acme", "acme/dock/index.json", "{\"format\":1}", 12, NULL);
	author_publish_next(author);
	is_outcome(open_author(author, NULL), "malformed", "a newer bundle with another index");
	is_outcome(open_fd(old, NULL), "metadata-rollback", "then the older one is a rollback");
	close(old);
	author_free(author);
}

static void test_bad_files(void)
{
	struct author *author = new_author(usual_index);
	int fd = author_bundle(author), pipe_fds[2];
	off_t size = lseek(fd, 0, SEEK_END);
	struct packet *request;

	new_state(author);
	if (ftruncate(fd, size - 512) < 0)
		tap_bail("cannot cut");
	is_outcome(open_fd(fd, NULL), "truncated", "a bundle cut at its end marker");
	if (ftruncate(fd, 200000) < 0)
		tap_bail("cannot cut");
	is_outcome(open_fd(fd, NULL), "truncated", "a bundle cut in the image");
	if (ftruncate(fd, 0) < 0)
		tap_bail("cannot cut");
	is_outcome(open_fd(fd, NULL), "truncated", "an empty file");
	if (write(fd, image, 4096) != 4096)
		tap_bail("cannot write");
	is_outcome(open_fd(fd, NULL), "malformed", "no tar file");
	close(fd);
	if (pipe(pipe_fds) < 0)
		tap_bail("no pipe");
	is_outcome(open_fd(pipe_fds[0], NULL), "not-regular-file", "a pipe");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	request = new_request(NULL);
	is_outcome(run_worker(request, NULL, 0), "invalid-argument", "no file at all");
	packet_free(request);
	author_free(author);
}

static void test_duplicates(void)
{
	struct author *author = new_author(usual_index);
	struct tar_writer writer = { .io = &io_default,
				     .fd = memfd_create("t", MFD_CLOEXEC),
				     .what = "t" };

	new_state(author);
	for (size_t i = 0; i < author->file_count + 1; i++) {
		const struct author_file *file = &author->files[i % author->file_count];

		if (tar_write_entry(&writer, file->name, file->bytes, file->size, NULL) < 0)
			tap_bail("cannot write");
	}
	(void)!tar_write_end(&writer, NULL);
	is_outcome(open_fd(writer.fd, NULL), "malformed", "two entries of one name");
	close(writer.fd);
	author_free(author);
}

/* Of several sources the right one is found, whatever the others are. */
static void test_several_sources(void)
{
	struct author *author = new_author(usual_index), *other = new_author(usual_index);
	const struct author_file *root;
	struct outcome outcome;
	int fd;

	new_state(author);
	root = author_find(other, "metadata/1.root.json");
	shell("mkdir -p remotes/a-stranger remotes/broken remotes/empty && echo '{}' >remotes/broken/root.json");
	fd = open(path_of("remotes/a-stranger/root.json"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(&io_default, fd, root->bytes, root->size) < 0)
		tap_bail("no root");
	close(fd);
	outcome = open_author(author, NULL);
	tap_is_string(value(&outcome, WORKER_KEY_REMOTE), "acme", "the right source");
	is_outcome(outcome, "ok", "of several");
	author_free(author);
	author_free(other);
}

static void test_write_slot(void)
{
	struct packet *request = packet_new(1000);
	int fds[2] = { memfd_create("image", MFD_CLOEXEC), memfd_create("data", MFD_CLOEXEC) };
	_cleanup_free_ char *written = NULL;
	struct outcome outcome;
	size_t size;

	packet_add(request, WORKER_KEY_OPERATION, WORKER_WRITE_SLOT);
	packet_add_u64(request, WORKER_KEY_LENGTH, sizeof(image));
	if (write(fds[0], image, sizeof(image)) != sizeof(image))
		tap_bail("cannot write");
	outcome = run_worker(request, fds, 2);
	tap_is_string(value(&outcome, WORKER_KEY_REASON), "ok", "write a slot");
	tap_is_string(value(&outcome, WORKER_KEY_WRITTEN), "300000", "all of it");
	tap_is(outcome.last_percent, 100, "progress ends at 100");
	packet_free(outcome.result);
	lseek(fds[1], 0, SEEK_SET);
	tap_ok(file_read_fd(fds[1], sizeof(image), &written, &size) >= 0 && size == sizeof(image) &&
		       memcmp(written, image, size) == 0,
	       "byte for byte");
	lseek(fds[1], 0, SEEK_SET);
	if (ftruncate(fds[0], 1000) < 0)
		tap_bail("cannot cut");
	outcome = run_worker(request, fds, 2);
	tap_is_string(value(&outcome, WORKER_KEY_REASON), "truncated",
		      "the image is shorter than said");
	packet_free(outcome.result);
	outcome = run_worker(request, fds, 1);
	tap_is_string(value(&outcome, WORKER_KEY_REASON), "invalid-argument",
		      "no slot to write to");
	packet_free(outcome.result);
	close(fds[1]);
	fds[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
	outcome = run_worker(request, fds, 2);
	tap_is_string(value(&outcome, WORKER_KEY_REASON), "no-space",
		      "a slot that refuses: its errno is the reason");
	packet_free(outcome.result);
	close_fds(fds, 2);
	packet_free(request);
}

/* Somebody starts it by hand, or fwslotd dies before it asks. */
static void test_no_request(void)
{
	struct outcome outcome = run_worker(NULL, NULL, 0);

	tap_ok(!outcome.result && WIFEXITED(outcome.status) && WEXITSTATUS(outcome.status) == 1,
	       "without a request it ends with status 1");
	packet_free(outcome.result);
}

int main(void)
{
	char command[128];

	if (!mkdtemp(folder))
		tap_bail("no folder");
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (char)(i * 2654435761U >> 16);
	test_ok();
	test_requests();
	test_signatures();
	test_content();
	test_index();
	test_slots_and_inventory();
	test_custom();
	test_rollback();
	test_bad_files();
	test_duplicates();
	test_several_sources();
	test_write_slot();
	test_no_request();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_is(system(command), 0, "cleaned up");
	return tap_done();
}
