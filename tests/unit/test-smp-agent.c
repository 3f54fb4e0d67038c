/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole of fwslot-smp against smp-device on a pty; this program plays the kernel's /dev/fwslot
 * on a socket pair. What a user does is told as a sequence of requests, and what he would see in
 * sysfs is read from STATE and BOOTED.
 *
 * timeout: 240
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/time.h"
#include "smp/agent.h"
#include "tap.h"

#define MESSAGE_MAX (sizeof(struct fwslot_user_header) + 70000)
#define SLOTS 2

static char folder[64] = "/tmp/fwslot-test-smp-XXXXXX";
static char image_path[4][128]; /* 1.0.0, 1.1.0, 1.2.0 that hangs, 1.3.0 large */

/* ---- the device, the program, and what the kernel knows ---- */

static struct bed {
	pid_t device, program;
	int device_stdin, kernel;
	bool has_device, is_created_again;
	struct fwslot_user_create create;
	struct fwslot_user_slot slots[SLOTS];
	struct fwslot_user_boot boot;
	struct fwslot_user_content contents[SLOTS];
	unsigned boots, states, workings;
	struct fwslot_user_booted last_boot;
	uint32_t last_id;
} bed;

static const char *tool(const char *name)
{
	static char path[2][256];
	static unsigned next;
	const char *build = getenv("BUILD");

	next = !next;
	snprintf(path[next], sizeof(path[next]), "%s/tools/%s", build ? build : "build", name);
	return path[next];
}

static void make_image(unsigned index, const char *version, const char *behaviour, const char *size)
{
	char options[3][64];
	pid_t pid;
	int status;

	snprintf(image_path[index], sizeof(image_path[index]), "%s/%u.bin", folder, index);
	snprintf(options[0], sizeof(options[0]), "--version=%s", version);
	snprintf(options[1], sizeof(options[1]), "--behaviour=%s", behaviour);
	snprintf(options[2], sizeof(options[2]), "--size=%s", size);
	pid = fork();
	if (pid == 0) {
		execl(tool("smp-image"), "smp-image", options[0], options[1], options[2],
		      image_path[index], NULL);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		tap_bail("%s failed", tool("smp-image"));
}

static void start_device(const char *const *options)
{
	const char *argv[16] = { "smp-device" };
	char link[160], state[160];
	int pipes[2];
	size_t n = 1;

	snprintf(link, sizeof(link), "--link=%s/tty", folder);
	snprintf(state, sizeof(state), "--primary=%s", image_path[0]);
	argv[n++] = link;
	argv[n++] = state;
	while (options && *options)
		argv[n++] = *options++;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		tap_bail("pipe");
	bed.device = fork();
	if (bed.device == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[0], STDIN_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execv(tool("smp-device"), (char *const *)argv);
		_exit(99);
	}
	close(pipes[0]);
	bed.device_stdin = pipes[1];
	snprintf(link, sizeof(link), "%s/tty", folder);
	for (int i = 0; i < 100 && access(link, F_OK) < 0; i++)
		usleep(20000);
}

static void tell_device(const char *command)
{
	if (write(bed.device_stdin, command, strlen(command)) < 0)
		tap_bail("the device is gone");
}

static void run_program(int fd, const char *const *more)
{
	static struct agent agent;
	struct smp_options options;
	char port[128], state[128];
	const char *argv[16] = { "fwslot-smp" };
	size_t n = 1;

	snprintf(port, sizeof(port), "%s/tty", folder);
	snprintf(state, sizeof(state), "--state-directory=%s", folder);
	argv[n++] = state;
	argv[n++] = "--settle=1";
	while (more && *more)
		argv[n++] = *more++;
	argv[n++] = port;
	if (smp_options_parse((int)n, (char **)argv, &options) < 0)
		_exit(2);
	if (agent_begin(&agent, &options, fd) >= 0)
		(void)!agent_run(&agent);
	agent_end(&agent);
	smp_options_done(&options);
	_exit(0);
}

static void start_program(const char *const *options)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		tap_bail("socketpair");
	bed.program = fork();
	if (bed.program == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		run_program(fds[1], options);
	}
	close(fds[1]);
	bed.kernel = fds[0];
}

static void stop_program(void)
{
	kill(bed.program, SIGKILL);
	waitpid(bed.program, NULL, 0);
	close(bed.kernel);
	bed.has_device = false;
}

static void stop_device(void)
{
	kill(bed.device, SIGKILL);
	waitpid(bed.device, NULL, 0);
	close(bed.device_stdin);
}

/* ---- the kernel's end ---- */

static struct {
	struct fwslot_user_header header;
	uint8_t body[MESSAGE_MAX];
} message;

static void take_message(void)
{
	switch (message.header.type) {
	case FWSLOT_USER_CREATE:
		bed.is_created_again = bed.has_device;
		bed.has_device = true;
		memcpy(&bed.create, message.body, sizeof(bed.create));
		memcpy(bed.slots, message.body + sizeof(bed.create),
		       bed.create.num_slots * sizeof(bed.slots[0]));
		bed.boot = bed.create.boot;
		for (unsigned i = 0; i < bed.create.num_slots && i < SLOTS; i++)
			bed.contents[i] = bed.slots[i].content;
		break;
	case FWSLOT_USER_DESTROY:
		bed.has_device = false;
		break;
	case FWSLOT_USER_STATE:
		bed.states++;
		memcpy(&bed.boot, message.body, sizeof(bed.boot));
		memcpy(bed.contents, message.body + sizeof(bed.boot), sizeof(bed.contents));
		break;
	case FWSLOT_USER_BOOTED:
		bed.boots++;
		memcpy(&bed.last_boot, message.body, sizeof(bed.last_boot));
		break;
	case FWSLOT_USER_WORKING:
		bed.workings++;
		break;
	}
}

/* Takes one message of the program; false: none came in time. */
static bool hear(usec_t deadline)
{
	struct pollfd fd = { .fd = bed.kernel, .events = POLLIN };
	usec_t now = time_now_monotonic();
	ssize_t size;

	if (now >= deadline || poll(&fd, 1, (int)((deadline - now) / 1000) + 1) <= 0)
		return false;
	size = recv(bed.kernel, &message, sizeof(message), 0);
	if (size < (ssize_t)sizeof(message.header))
		return false;
	take_message();
	return true;
}

static usec_t in_seconds(unsigned seconds)
{
	return time_now_monotonic() + seconds * USEC_PER_SEC;
}

static void wait_for_device(void)
{
	usec_t deadline = in_seconds(20);

	bed.boots = 0;
	while (!bed.has_device && hear(deadline))
		;
	tap_ok(bed.has_device, "the device appears");
}

static void wait_for_boots(unsigned boots, unsigned seconds)
{
	usec_t deadline = in_seconds(seconds);

	while (bed.boots < boots && hear(deadline))
		;
}

/* Hears everything that is said within a time. */
static void listen_for(unsigned seconds)
{
	usec_t deadline = in_seconds(seconds);

	while (hear(deadline))
		;
}

static void send_request(uint16_t type, const struct fwslot_user_request *request, const void *data)
{
	static struct {
		struct fwslot_user_header header;
		struct fwslot_user_request request;
		uint8_t data[PROVIDER_TRANSFER_SIZE];
	} out;
	size_t size = sizeof(out.request) + (data ? request->length : 0);

	out.header = (struct fwslot_user_header){ .version = FWSLOT_USER_VERSION,
						  .type = type,
						  .length = (uint32_t)size,
						  .id = ++bed.last_id };
	out.request = *request;
	if (data)
		memcpy(out.data, data, request->length);
	if (send(bed.kernel, &out, sizeof(out.header) + size, MSG_NOSIGNAL) < 0)
		tap_bail("the program is gone");
}

/* The result of a request, or 1: no answer within @seconds. */
static int ask_within(uint16_t type, const struct fwslot_user_request *request, const void *data,
		      unsigned seconds)
{
	usec_t deadline = in_seconds(seconds);

	send_request(type, request, data);
	while (hear(deadline))
		if (message.header.type == FWSLOT_USER_ANSWER && message.header.id == bed.last_id)
			return message.header.result;
	return 1;
}

static int ask(uint16_t type, struct fwslot_user_request request)
{
	return ask_within(type, &request, NULL, 60);
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	FILE *stream = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);

	if (!stream || !bytes)
		tap_bail("cannot read %s", path);
	*ret_size = fread(bytes, 1, 1 << 20, stream);
	fclose(stream);
	return bytes;
}

/* As the kernel does it: look at the whole image, then write it piece by piece. */
static int send_pieces(uint16_t type, unsigned slot, const uint8_t *bytes, size_t size)
{
	for (size_t offset = 0; offset < size; offset += PROVIDER_TRANSFER_SIZE) {
		struct fwslot_user_request request = {
			.slot = slot,
			.offset = offset,
			.length = size - offset < PROVIDER_TRANSFER_SIZE ? size - offset :
									   PROVIDER_TRANSFER_SIZE,
			.total = size,
		};
		int r = ask_within(type, &request, bytes + offset, 90);

		if (r != 0)
			return r;
	}
	return 0;
}

static int write_bytes(unsigned slot, const uint8_t *bytes, size_t size)
{
	struct fwslot_user_request whole = { .slot = slot, .length = size, .total = size };
	int r = send_pieces(FWSLOT_USER_INSPECT, slot, bytes, size);

	if (r == 0)
		r = ask(FWSLOT_USER_PREPARE, whole);
	if (r != 0)
		return r;
	r = ask(FWSLOT_USER_ERASE, whole);
	if (r == 0)
		r = send_pieces(FWSLOT_USER_WRITE, slot, bytes, size);
	if (r == 0)
		r = ask(FWSLOT_USER_PROGRAM, (struct fwslot_user_request){ .slot = slot });
	if (r != 0)
		ask(FWSLOT_USER_ABORT, (struct fwslot_user_request){ .slot = slot });
	return r;
}

static int write_image(unsigned slot, unsigned image)
{
	size_t size;
	uint8_t *bytes = read_file(image_path[image], &size);
	int r = write_bytes(slot, bytes, size);

	free(bytes);
	return r;
}

static int activate(unsigned slot, bool is_permanent)
{
	return ask(FWSLOT_USER_ACTIVATE,
		   (struct fwslot_user_request){ .slot = slot, .flags = is_permanent });
}

static void restart(unsigned seconds)
{
	unsigned boots = bed.boots;

	tap_is(ask(FWSLOT_USER_RESTART, (struct fwslot_user_request){ 0 }), 0,
	       "restart is accepted");
	wait_for_boots(boots + 1, seconds);
	tap_is(bed.boots, boots + 1, "the device boots once");
}

static void begin(const char *const *device_options, const char *const *program_options)
{
	memset(&bed, 0, sizeof(bed));
	start_device(device_options);
	start_program(program_options);
	wait_for_device();
}

static void end(void)
{
	stop_program();
	stop_device();
}

#define SEES(slot, state_word, version_text)                                     \
	do {                                                                     \
		tap_is(bed.contents[slot].state, FWSLOT_SLOT_STATE_##state_word, \
		       "slot " #slot " is " #state_word);                        \
		tap_is_string(bed.contents[slot].version, version_text,          \
			      "slot " #slot " holds version " version_text);     \
	} while (0)
#define SEES_BOOT(state_word, running, next, fallback)                                \
	do {                                                                          \
		tap_is(bed.boot.state, FWSLOT_BOOT_STATE_##state_word,                \
		       "boot state is " #state_word);                                 \
		tap_is(bed.boot.running_slot, running, "running slot " #running);     \
		tap_is(bed.boot.next_slot, next, "next slot " #next);                 \
		tap_is(bed.boot.fallback_slot, fallback, "fallback slot " #fallback); \
	} while (0)

/* ---- stories ---- */

static void good_update(void)
{
	struct fwslot_user_content written;

	begin(NULL, NULL);
	tap_is_string(bed.create.hardware_id, "zephyr/testboard", "hardware id is the board's");
	tap_is_string(bed.create.serial, "tty", "serial number is the port's name");
	tap_is(bed.create.num_slots, 2, "two slots");
	tap_is(bed.slots[1].size, 256 * 1024, "the slots' size is the device's");
	SEES(0, CONFIRMED, "1.0.0");
	SEES(1, EMPTY, "");
	SEES_BOOT(CONFIRMED, 0, 0, -1);

	tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
	SEES(1, VALID, "1.1.0");
	tap_ok(bed.contents[1].flags & FWSLOT_USER_HAS_DIGEST, "its digest is told");
	written = bed.contents[1];
	tap_is(activate(1, false), 0, "it is chosen for trial");
	SEES(1, PENDING, "1.1.0");
	SEES_BOOT(CONFIRMED, 0, 1, -1);

	restart(20);
	tap_is(bed.last_boot.slot, 0, "it boots from slot 0");
	tap_is(bed.last_boot.reason, FWSLOT_RESTART_REASON_COMMANDED, "because it was told to");
	SEES(0, TRIAL, "1.1.0");
	SEES(1, CONFIRMED, "1.0.0");
	SEES_BOOT(TRIAL, 0, 0, 1);
	tap_is(bed.boot.limit, 1, "one attempt");
	tap_is(bed.boot.attempts, 1, "which is used");
	tap_ok(memcmp(bed.contents[0].digest, written.digest, sizeof(written.digest)) == 0 &&
		       bed.contents[0].flags & FWSLOT_USER_HAS_DIGEST,
	       "the digest moved with the image");
	tap_is(bed.contents[0].image_size, written.image_size, "and so did the size");
	tap_is(write_image(1, 2), -EBUSY, "the way back cannot be overwritten");

	tap_is(ask(FWSLOT_USER_CONFIRM, (struct fwslot_user_request){ 0 }), 0, "confirmed");
	SEES(0, CONFIRMED, "1.1.0");
	SEES(1, VALID, "1.0.0");
	SEES_BOOT(CONFIRMED, 0, 0, -1);
	tap_is(ask(FWSLOT_USER_CONFIRM, (struct fwslot_user_request){ 0 }), -ENOENT,
	       "there is no trial to confirm any more");

	tap_is(activate(1, true), 0, "the old version is chosen for good");
	restart(20);
	SEES(0, CONFIRMED, "1.0.0");
	SEES_BOOT(CONFIRMED, 0, 0, -1);
	end();
}

static void fallback(void)
{
	begin(NULL, NULL);
	tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	restart(20);
	SEES_BOOT(TRIAL, 0, 0, 1);
	restart(20);
	SEES(0, CONFIRMED, "1.0.0");
	SEES(1, INVALID, "1.1.0");
	SEES_BOOT(FALLBACK, 0, 0, -1);
	tap_is(bed.last_boot.reason, FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED,
	       "attempts exhausted");

	/* Another process must not forget that it failed. */
	stop_program();
	start_program(NULL);
	wait_for_device();
	SEES_BOOT(FALLBACK, 0, 0, -1);
	SEES(1, INVALID, "1.1.0");
	tap_is(write_image(1, 1), 0, "the failed image is written again");
	SEES(1, VALID, "1.1.0");
	end();
}

static void trial_reverts_by_itself(void)
{
	begin(NULL, NULL);
	tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	restart(20);
	tell_device("reset\n"); /* its watchdog */
	wait_for_boots(2, 30);
	SEES_BOOT(FALLBACK, 0, 0, -1);
	SEES(0, CONFIRMED, "1.0.0");
	tap_is(bed.last_boot.reason, FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED,
	       "attempts exhausted");
	end();
}

static void hanging_firmware(void)
{
	static const char *const options[] = { "--return-timeout=5", NULL };

	begin(NULL, options);
	tap_is(write_image(1, 2), 0, "version 1.2.0, which hangs, is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	tap_is(ask(FWSLOT_USER_RESTART, (struct fwslot_user_request){ 0 }), 0, "restarted");
	listen_for(8);
	tap_ok(bed.has_device, "the device is still there while it is waited for");
	tell_device("reset\n");
	wait_for_boots(1, 40);
	SEES_BOOT(FALLBACK, 0, 0, -1);
	SEES(0, CONFIRMED, "1.0.0");
	end();
}

static void lost_for_good(void)
{
	static const char *const options[] = { "--return-timeout=3", NULL };

	begin(NULL, options);
	tap_is(write_image(1, 2), 0, "version 1.2.0, which hangs, is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	tap_is(ask(FWSLOT_USER_RESTART, (struct fwslot_user_request){ 0 }), 0, "restarted");
	listen_for(20);
	tap_ok(!bed.has_device, "a device that never comes back is taken away");
	tell_device("reset\n"); /* the console speaks */
	usec_t deadline = in_seconds(40);
	while (!bed.has_device && hear(deadline))
		;
	tap_ok(bed.has_device, "and comes back when it does");
	SEES_BOOT(FALLBACK, 0, 0, -1);
	end();
}

static void bad_images(void)
{
	size_t size;
	uint8_t *bytes = read_file(image_path[1], &size);
	uint8_t *large = calloc(1, 300000);

	begin(NULL, NULL);
	bytes[0] ^= 1;
	tap_is(write_bytes(1, bytes, size), -EBADMSG, "wrong magic number: firmware-invalid");
	bytes[0] ^= 1;
	tap_is(write_bytes(1, bytes, size - 1), -EBADMSG, "cut off: firmware-invalid");
	tap_is(write_bytes(1, bytes, 31), -EBADMSG, "shorter than a header: firmware-invalid");
	tap_is(write_bytes(1, large, 300000), -EFBIG, "too large: invalid-file-size");
	tap_is(write_bytes(1, large, 256 * 1024 - 100), -EFBIG,
	       "it fits the slot, but not with the boot loader's records");
	tap_is(write_image(1, 0), -EBADMSG, "the one that runs: firmware-invalid");
	tap_is(write_image(0, 1), -EROFS, "slot 0 takes no upload");
	SEES(1, EMPTY, "");
	tap_is(activate(1, false), -ENODATA, "nothing to activate");

	/* The device's boot loader finds it broken only at the restart. */
	bytes[2000] ^= 1;
	tap_is(write_bytes(1, bytes, size), 0, "a broken image with a good header is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	restart(20);
	SEES_BOOT(FALLBACK, 0, 0, -1);
	SEES(0, CONFIRMED, "1.0.0");
	SEES(1, EMPTY, "");
	free(bytes);
	free(large);
	end();
}

static void line_faults(void)
{
	static const char *const options[] = {
		"--noisy",
		"--fault=lose-request@9+11",
		"--fault=lose-answer@13+17",
		"--fault=corrupt-answer@15+19",
		"--fault=double-answer@8+5",
		"--fault=delay-answer@40",
		"--write-unit=32",
		NULL,
	};

	begin(options, NULL);
	tap_is(write_image(1, 1), 0, "an image gets through a bad line");
	SEES(1, VALID, "1.1.0");
	tap_is(activate(1, false), 0, "and is chosen for trial");
	restart(40);
	SEES(0, TRIAL, "1.1.0");
	tap_is(ask(FWSLOT_USER_CONFIRM, (struct fwslot_user_request){ 0 }), 0, "confirmed");
	end();
}

static void interrupted_upload(void)
{
	begin(NULL, NULL);
	tell_device("fault rewind@30\n");
	tap_is(write_image(1, 3), 0, "the device asks for the beginning again");
	SEES(1, VALID, "1.3.0");
	tell_device("fault power-cut@50\n");
	tap_is(write_image(1, 1), 0, "the device loses power in the middle and starts anew");
	SEES(1, VALID, "1.1.0");
	end();
}

static void resumed_upload(void)
{
	size_t size;
	uint8_t *bytes = read_file(image_path[3], &size);
	struct fwslot_user_request whole = { .slot = 1, .length = size, .total = size };

	begin(NULL, NULL);
	tap_is(send_pieces(FWSLOT_USER_INSPECT, 1, bytes, size), 0, "the image is looked at");
	tap_is(ask(FWSLOT_USER_PREPARE, whole), 0, "the write is prepared");
	tap_is(ask(FWSLOT_USER_ERASE, whole), 0, "erased (by the upload itself)");
	tap_is(send_pieces(FWSLOT_USER_WRITE, 1, bytes, size / 2), 0, "half of it is written");
	stop_program();
	start_program(NULL);
	wait_for_device();
	SEES(1, PARTIAL, "");
	tap_is(write_image(1, 3), 0, "the next process writes the rest");
	SEES(1, VALID, "1.3.0");
	free(bytes);
	end();
}

static void cancelled_upload(void)
{
	size_t size;
	uint8_t *bytes = read_file(image_path[3], &size);
	struct fwslot_user_request whole = { .slot = 1, .length = size, .total = size };
	struct fwslot_user_request piece = { .slot = 1, .length = 4096, .total = size };
	struct fwslot_user_header cancel = { .version = FWSLOT_USER_VERSION,
					     .type = FWSLOT_USER_CANCEL };
	usec_t deadline;

	static const char *const slow[] = { "--baud=9600", "--erase-ms=7000", NULL };

	begin(slow, NULL);
	tap_is(send_pieces(FWSLOT_USER_INSPECT, 1, bytes, size), 0, "the image is looked at");
	tap_is(ask(FWSLOT_USER_PREPARE, whole), 0, "the write is prepared");
	send_request(FWSLOT_USER_WRITE, &piece, bytes);
	listen_for(5);
	tap_ok(bed.workings >= 1, "while the device erases the kernel hears that work goes on");
	cancel.id = bed.last_id;
	send(bed.kernel, &cancel, sizeof(cancel), 0);
	deadline = in_seconds(5);
	while (hear(deadline) && message.header.type != FWSLOT_USER_ANSWER)
		;
	tap_is(message.header.result, -ECANCELED, "a cancelled request is answered at once");
	tap_is(ask(FWSLOT_USER_ABORT, (struct fwslot_user_request){ .slot = 1 }), 0, "aborted");
	SEES(1, PARTIAL, "");
	tap_is(ask(FWSLOT_USER_ERASE, (struct fwslot_user_request){ .slot = 1 }), 0, "erased");
	SEES(1, EMPTY, "");
	free(bytes);
	end();
}

static void poor_device(void)
{
	static const char *const options[] = {
		"--no-parameters", "--no-slots",   "--no-echo", "--no-board",
		"--version-1",	   "--buffer=512", NULL
	};

	begin(options, NULL);
	tap_is_string(bed.create.hardware_id, "mcuboot/device", "hardware id of nobody");
	tap_is(write_image(1, 1), 0, "written by guesses");
	tap_is(activate(1, false), 0, "chosen for trial");
	restart(20);
	SEES(0, TRIAL, "1.1.0");
	end();
}

static void lying_buffer(void)
{
	static const char *const options[] = { "--buffer=2048", "--real-buffer=300", NULL };

	begin(options, NULL);
	tap_is(write_image(1, 1), 0, "a device that takes less than it says gets less");
	end();
}

static void raw_framing(void)
{
	static const char *const device[] = { "--raw", "--fault=lose-answer@6", NULL };
	static const char *const program[] = { "--framing=raw", "--hardware-id=acme/raw", NULL };

	begin(device, program);
	tap_is_string(bed.create.hardware_id, "acme/raw", "hardware id of the command line");
	tap_is(write_image(1, 1), 0, "written over a raw line");
	SEES(1, VALID, "1.1.0");
	end();
}

static void recovery(void)
{
	static const char *const device[] = { "--recovery", NULL };

	begin(device, NULL);
	SEES_BOOT(UNKNOWN, -1, -1, -1);
	tap_is(write_image(1, 1), -EROFS, "in recovery slot 1 takes no upload");
	tap_is(write_image(0, 1), 0, "slot 0 does");
	tap_is(activate(0, true), 0, "it boots next anyway");
	restart(20);
	SEES(0, CONFIRMED, "1.1.0");
	SEES_BOOT(CONFIRMED, 0, 0, -1);
	end();
}

/* A boot loader that stays when it hears a request while it starts must not hear one. */
static void dfu_window(void)
{
	static const char *const device[] = { "--waits-for-dfu", "--boot-ms=2000", NULL };
	static const char *const program[] = { "--settle=3", NULL };

	begin(device, program);
	tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	restart(30);
	SEES_BOOT(TRIAL, 0, 0, 1);
	end();
}

/* A reset that gets no answer is repeated only if the device stands as before. */
static void unheard_reset(void)
{
	begin(NULL, NULL);
	tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	tell_device("fault lose-request@1\n");
	usleep(200000);
	restart(40);
	SEES_BOOT(TRIAL, 0, 0, 1);
	end();

	begin(NULL, NULL);
	tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
	tap_is(activate(1, false), 0, "and chosen for trial");
	tell_device("fault lose-answer@1\n");
	usleep(200000);
	restart(40);
	SEES_BOOT(TRIAL, 0, 0, 1);
	end();
}

static const struct {
	const char *name;
	void (*run)(void);
} stories[] = {
	{ "good update", good_update },
	{ "fallback", fallback },
	{ "trial reverts by itself", trial_reverts_by_itself },
	{ "hanging firmware", hanging_firmware },
	{ "lost for good", lost_for_good },
	{ "bad images", bad_images },
	{ "line faults", line_faults },
	{ "interrupted upload", interrupted_upload },
	{ "resumed upload", resumed_upload },
	{ "cancelled upload", cancelled_upload },
	{ "poor device", poor_device },
	{ "lying buffer", lying_buffer },
	{ "raw framing", raw_framing },
	{ "recovery", recovery },
	{ "DFU window", dfu_window },
	{ "unheard reset", unheard_reset },
};

int main(int argc, char *argv[])
{
	char command[128];

	if (access(tool("smp-device"), X_OK) < 0) {
		tap_skip("everything", "no smp-device: make tools");
		return tap_done();
	}
	if (!mkdtemp(folder))
		tap_bail("mkdtemp");
	make_image(0, "1.0.0", "boots", "20000");
	make_image(1, "1.1.0", "boots", "30000");
	make_image(2, "1.2.0", "hangs", "15000");
	make_image(3, "1.3.0", "boots", "60000");
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		if (argc > 1 && strcmp(argv[1], stories[i].name) != 0)
			continue;
		printf("# %s\n", stories[i].name);
		snprintf(command, sizeof(command), "%s/zephyr_testboard@tty", folder);
		unlink(command);
		stories[i].run();
	}
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? tap_done() : 1;
}
