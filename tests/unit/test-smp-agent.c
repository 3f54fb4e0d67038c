/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole of fwslot-smp against smp-device; this program plays the kernel (smp-bed.h). What a user
 * does are requests, what he would see in sysfs is read from STATE and BOOTED.
 *
 * timeout: 240
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "smp-bed.h"
#include "tap.h"

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
	bed.last_id = 0;
	bed.states = 0;
	bed.workings = 0;
	bed.has_device = false;
	start_device(device_options);
	start_program(program_options);
	tap_ok(wait_for_device(), "the device appears");
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
	tap_ok(wait_for_device(), "the device appears");
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
	for (usec_t deadline = in_seconds(60); bed.has_device && hear(deadline);)
		;
	tap_ok(!bed.has_device, "a device that never comes back is taken away");
	tell_device("reset\n"); /* the console speaks */
	for (usec_t deadline = in_seconds(40); !bed.has_device && hear(deadline);)
		;
	tap_ok(bed.has_device, "and comes back when it does");
	SEES_BOOT(FALLBACK, 0, 0, -1);
	end();
}

static void bad_images(void)
{
	size_t size;
	uint8_t *bytes = read_file(bed.image_path[1], &size);
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
		"--fault=lose-request@9+31",
		"--fault=lose-answer@13+37",
		"--fault=corrupt-answer@15+29",
		"--fault=double-answer@8+11",
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
	uint8_t *bytes = read_file(bed.image_path[3], &size);
	struct fwslot_user_request whole = { .slot = 1, .length = size, .total = size };

	begin(NULL, NULL);
	tap_is(send_pieces(FWSLOT_USER_INSPECT, 1, bytes, size), 0, "the image is looked at");
	tap_is(ask(FWSLOT_USER_PREPARE, whole), 0, "the write is prepared");
	tap_is(ask(FWSLOT_USER_ERASE, whole), 0, "erased (by the upload itself)");
	tap_is(send_pieces(FWSLOT_USER_WRITE, 1, bytes, size / 2), 0, "half of it is written");
	stop_program();
	start_program(NULL);
	tap_ok(wait_for_device(), "the device appears");
	SEES(1, PARTIAL, "");
	tap_is(write_image(1, 3), 0, "the next process writes the rest");
	SEES(1, VALID, "1.3.0");
	free(bytes);
	end();
}

static void cancelled_upload(void)
{
	size_t size;
	uint8_t *bytes = read_file(bed.image_path[3], &size);
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
	while (hear(deadline) && bed.last_message.type != FWSLOT_USER_ANSWER)
		;
	tap_is(bed.last_message.result, -ECANCELED, "a cancelled request is answered at once");
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
	tap_is(write_image(1, 1), 0, "a device that takes less than it says");
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
	static const char *const faults[] = { "fault lose-request@1\n", "fault lose-answer@1\n" };

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		begin(NULL, NULL);
		tap_is(write_image(1, 1), 0, "version 1.1.0 is written");
		tap_is(activate(1, false), 0, "and chosen for trial");
		tell_device(faults[i]);
		usleep(200000);
		restart(40);
		SEES_BOOT(TRIAL, 0, 0, 1);
		end();
	}
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

/* ---- stories mostly wait: a few at a time, each in a process and a folder of its own ---- */

#define STORIES_AT_A_TIME 4

static void make_images(void)
{
	make_image(0, "1.0.0", "boots", "20000");
	make_image(1, "1.1.0", "boots", "30000");
	make_image(2, "1.2.0", "hangs", "15000");
	make_image(3, "1.3.0", "boots", "60000");
}

static pid_t start_story(size_t story, FILE *output)
{
	char command[96];
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid != 0)
		return pid;
	dup2(fileno(output), STDOUT_FILENO);
	dup2(fileno(output), STDERR_FILENO);
	if (!mkdtemp(bed.folder))
		tap_bail("mkdtemp");
	make_images();
	stories[story].run();
	snprintf(command, sizeof(command), "rm -rf %s", bed.folder);
	exit(system(command) == 0 ? tap_done() : 1);
}

/* Repeats what a story said, with numbers of the whole. */
static void retell(size_t story, FILE *output, int status)
{
	char line[512], what[256];
	unsigned results = 0;

	printf("# %s\n", stories[story].name);
	rewind(output);
	while (fgets(line, sizeof(line), output)) {
		bool is_ok = sscanf(line, "ok %*u - %255[^\n]", what) == 1;

		if (is_ok || sscanf(line, "not ok %*u - %255[^\n]", what) == 1) {
			tap_ok(is_ok, "%s: %s", stories[story].name, what);
			results++;
		} else {
			printf("# %s", line[0] == '#' ? line + 2 : line);
		}
	}
	if (results == 0 || (status != 0 && WEXITSTATUS(status) != EXIT_FAILURE))
		tap_ok(false, "%s: came to its end", stories[story].name);
}

static void tell(size_t first, size_t count)
{
	FILE *outputs[STORIES_AT_A_TIME];
	pid_t pids[STORIES_AT_A_TIME];
	int status;

	for (size_t i = 0; i < count; i++) {
		outputs[i] = tmpfile();
		if (!outputs[i])
			tap_bail("tmpfile");
		pids[i] = start_story(first + i, outputs[i]);
	}
	for (size_t i = 0; i < count; i++) {
		waitpid(pids[i], &status, 0);
		retell(first + i, outputs[i], status);
		fclose(outputs[i]);
	}
}

int main(int argc, char *argv[])
{
	if (access(smp_bed_tool("smp-device"), X_OK) < 0) {
		tap_skip("everything", "no smp-device: make tools");
		return tap_done();
	}
	for (size_t i = 0; i < ARRAY_SIZE(stories); i += STORIES_AT_A_TIME) {
		size_t left = ARRAY_SIZE(stories) - i;

		if (argc == 1)
			tell(i, left < STORIES_AT_A_TIME ? left : STORIES_AT_A_TIME);
	}
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(stories); i++)
		if (strcmp(argv[1], stories[i].name) == 0)
			tell(i, 1);
	return tap_done();
}
