/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp-bed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "smp/agent.h"
#include "tap.h"

#define MESSAGE_MAX (sizeof(struct fwslot_user_header) + 70000)

/* ---- the device, the program, and what the kernel knows ---- */

struct smp_bed bed = { .folder = "/tmp/fwslot-test-smp-XXXXXX" };

const char *smp_bed_tool(const char *name)
{
	static char path[2][256];
	static unsigned next;
	const char *build = getenv("BUILD");

	next = !next;
	snprintf(path[next], sizeof(path[next]), "%s/tools/%s", build ? build : "build", name);
	return path[next];
}

void make_image(unsigned index, const char *version, const char *behaviour, const char *size)
{
	char options[3][64], path[sizeof(bed.image_path[0])] = "";
	pid_t pid;
	int status;

	snprintf(path, sizeof(path), "%s/%u.bin", bed.folder, index);
	memcpy(bed.image_path[index], path, sizeof(path));
	snprintf(options[0], sizeof(options[0]), "--version=%s", version);
	snprintf(options[1], sizeof(options[1]), "--behaviour=%s", behaviour);
	snprintf(options[2], sizeof(options[2]), "--size=%s", size);
	pid = fork();
	if (pid == 0) {
		execl(smp_bed_tool("smp-image"), "smp-image", options[0], options[1], options[2],
		      bed.image_path[index], NULL);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	if (status != 0)
		tap_bail("%s failed", smp_bed_tool("smp-image"));
}

void start_device(const char *const *options)
{
	const char *argv[16] = { "smp-device" };
	char link[160], state[160];
	int pipes[2];
	size_t n = 1;

	snprintf(link, sizeof(link), "--link=%s/tty", bed.folder);
	snprintf(state, sizeof(state), "--primary=%s", bed.image_path[0]);
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
		execv(smp_bed_tool("smp-device"), (char *const *)argv);
		_exit(99);
	}
	close(pipes[0]);
	bed.device_stdin = pipes[1];
	snprintf(link, sizeof(link), "%s/tty", bed.folder);
	for (int i = 0; i < 100 && access(link, F_OK) < 0; i++)
		usleep(20000);
}

void tell_device(const char *command)
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

	snprintf(port, sizeof(port), "%s/tty", bed.folder);
	snprintf(state, sizeof(state), "--state-directory=%s", bed.folder);
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

void start_program(const char *const *options)
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

void stop_program(void)
{
	kill(bed.program, SIGKILL);
	waitpid(bed.program, NULL, 0);
	close(bed.kernel);
	bed.has_device = false;
}

void stop_device(void)
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
		bed.has_device = true;
		memcpy(&bed.create, message.body, sizeof(bed.create));
		memcpy(bed.slots, message.body + sizeof(bed.create),
		       bed.create.num_slots * sizeof(bed.slots[0]));
		bed.boot = bed.create.boot;
		for (unsigned i = 0; i < bed.create.num_slots && i < SMP_BED_SLOTS; i++)
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
bool hear(usec_t deadline)
{
	struct pollfd fd = { .fd = bed.kernel, .events = POLLIN };
	usec_t now = time_now_monotonic();
	ssize_t size;

	if (now >= deadline || poll(&fd, 1, (int)((deadline - now) / 1000) + 1) <= 0)
		return false;
	size = recv(bed.kernel, &message, sizeof(message), 0);
	if (size < (ssize_t)sizeof(message.header))
		return false;
	bed.last_message = message.header;
	take_message();
	return true;
}

usec_t in_seconds(unsigned seconds)
{
	return time_now_monotonic() + seconds * USEC_PER_SEC;
}

bool wait_for_device(void)
{
	usec_t deadline = in_seconds(20);

	bed.boots = 0;
	while (!bed.has_device && hear(deadline))
		;
	return bed.has_device;
}

void wait_for_boots(unsigned boots, unsigned seconds)
{
	usec_t deadline = in_seconds(seconds);

	while (bed.boots < boots && hear(deadline))
		;
}

/* Hears everything that is said within a time. */
void listen_for(unsigned seconds)
{
	usec_t deadline = in_seconds(seconds);

	while (hear(deadline))
		;
}

void send_request(uint16_t type, const struct fwslot_user_request *request, const void *data)
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
int ask_within(uint16_t type, const struct fwslot_user_request *request, const void *data,
	       unsigned seconds)
{
	usec_t deadline = in_seconds(seconds);

	send_request(type, request, data);
	while (hear(deadline))
		if (message.header.type == FWSLOT_USER_ANSWER && message.header.id == bed.last_id)
			return message.header.result;
	return 1;
}

int ask(uint16_t type, struct fwslot_user_request request)
{
	return ask_within(type, &request, NULL, 60);
}

uint8_t *read_file(const char *path, size_t *ret_size)
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
int send_pieces(uint16_t type, unsigned slot, const uint8_t *bytes, size_t size)
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

int write_bytes(unsigned slot, const uint8_t *bytes, size_t size)
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

int write_image(unsigned slot, unsigned image)
{
	size_t size;
	uint8_t *bytes = read_file(bed.image_path[image], &size);
	int r = write_bytes(slot, bytes, size);

	free(bytes);
	return r;
}

int activate(unsigned slot, bool is_permanent)
{
	return ask(FWSLOT_USER_ACTIVATE,
		   (struct fwslot_user_request){ .slot = slot, .flags = is_permanent });
}
