/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * smp-device: plays a device with MCUboot on a pty: two slots that are swapped at a reset, test,
 * confirm, revert, and whatever can go wrong on the line. Commands come on standard input, one a
 * line: "reset", "power-cut", "fault WORD@N", "noise on|off", "mute on|off", "say TEXT", "state",
 * "quit".
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

/* How long the boot loader listens for somebody who wants to stay in it. */
#define DFU_WINDOW_MS 500
#define RESET_DELAY_MS 250

static struct options options = {
	.has_parameters = true,
	.has_slots = true,
	.has_echo = true,
	.has_board = true,
	.buffer_size = 384,
	.swap_ms = 100,
	.boot_ms = 100,
	.write_unit = 4,
	.board = "testboard",
};
static struct flash flash;
static struct line line;
static struct server server = { .options = &options, .flash = &flash };
static bool is_mute; /* the firmware hangs, or was told to be silent */
static uint64_t restarts_at_ms; /* the firmware crashes or its watchdog bites then; 0: never */

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static const char *const swap_words[] = { "none", "test", "permanent", "revert" };

static void print_state(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct image_info image;

		flash_inspect(&flash, i, &image);
		printf("slot%u %s%s\n", i, image.is_there ? image.version : "empty",
		       image.is_there && !image.is_intact ? " broken" : "");
	}
	printf("swap %s%s\nbytes %llu %llu\n", swap_words[flash_swap_type(&flash)],
	       server.is_recovery ? " recovery" : "", line.received_bytes, line.sent_bytes);
	fflush(stdout);
}

/* Reads what arrives for a while; true: a whole message was in it. Nobody answers. */
static bool hear(unsigned milliseconds)
{
	uint64_t end = now_ms() + milliseconds;
	bool has_heard = false;

	for (uint64_t now = now_ms(); now < end; now = now_ms()) {
		struct pollfd fd = { .fd = line.fd, .events = POLLIN };
		uint8_t bytes[64];
		ssize_t size;

		if (poll(&fd, 1, (int)(end - now)) <= 0)
			continue;
		size = read(line.fd, bytes, sizeof(bytes));
		for (ssize_t i = 0; i < size; i++) {
			if (!line_take(&line, bytes[i]))
				continue;
			has_heard = true;
			line.packet_size = 0;
		}
	}
	return has_heard;
}

static void start(void)
{
	struct image_info image;
	enum swap_type swap;

	server_forget_upload(&server);
	server.is_recovery = false;
	server.wants_reset = false;
	is_mute = false;
	restarts_at_ms = 0;
	line_say(&line, "*** Booting MCUboot ***\r\n");
	if (options.waits_for_dfu && hear(DFU_WINDOW_MS)) {
		server.is_recovery = true;
		printf("stays in recovery\n");
		fflush(stdout);
		return;
	}
	swap = flash_boot(&flash);
	flash_inspect(&flash, 0, &image);
	if (swap != SWAP_NONE)
		hear(options.swap_ms);
	hear(options.boot_ms);
	printf("boot %s swap %s\n", image.is_intact ? image.version : "nothing", swap_words[swap]);
	fflush(stdout);
	if (!image.is_intact) {
		server.is_recovery = true;
		return;
	}
	is_mute = strcmp(image.behaviour, "hangs") == 0;
	if (image.after_ms > 0)
		restarts_at_ms = now_ms() + image.after_ms;
	line_say(&line, "*** Booting Zephyr OS ***\r\n");
}

static void answer_message(void)
{
	uint8_t answer[BUFFER_SIZE_MAX];
	size_t size;

	fault_count();
	if (is_mute || fault_strikes(FAULT_LOSE_REQUEST))
		return;
	if (fault_strikes(FAULT_POWER_CUT)) {
		start();
		return;
	}
	size = server_handle(&server, line.packet, line.packet_size, answer, sizeof(answer));
	if (fault_strikes(FAULT_DELAY_ANSWER))
		hear(3000);
	if (size > 0 && !fault_strikes(FAULT_LOSE_ANSWER)) {
		line_send(&line, answer, size, fault_strikes(FAULT_CORRUPT_ANSWER));
		if (fault_strikes(FAULT_DOUBLE_ANSWER))
			line_send(&line, answer, size, false);
	}
	if (server.wants_reset) {
		hear(RESET_DELAY_MS);
		start();
	}
}

static void serve_line(void)
{
	uint8_t bytes[256];
	ssize_t size = read(line.fd, bytes, sizeof(bytes));

	if (size <= 0)
		return;
	line_pace(&line, (size_t)size);
	for (ssize_t i = 0; i < size; i++) {
		if (!line_take(&line, bytes[i]))
			continue;
		answer_message();
		line.packet_size = 0;
	}
}

/* False: the end. */
static bool obey(char *command)
{
	command[strcspn(command, "\n")] = '\0';
	if (strcmp(command, "quit") == 0)
		return false;
	if (strcmp(command, "reset") == 0 || strcmp(command, "power-cut") == 0)
		start();
	else if (strcmp(command, "state") == 0)
		print_state();
	else if (strncmp(command, "noise ", 6) == 0)
		line.is_noisy = strcmp(command + 6, "on") == 0;
	else if (strncmp(command, "mute ", 5) == 0)
		is_mute = strcmp(command + 5, "on") == 0;
	else if (strncmp(command, "say ", 4) == 0)
		line_say(&line, command + 4);
	else if (strncmp(command, "fault ", 6) != 0 || !fault_add(command + 6))
		printf("what? %s\n", command);
	fflush(stdout);
	return true;
}

static void run(void)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
					{ .fd = line.fd, .events = POLLIN } };
		uint64_t now = now_ms();
		char command[256];
		int timeout = -1;

		if (restarts_at_ms > 0)
			timeout = restarts_at_ms > now ? (int)(restarts_at_ms - now) : 0;
		if (poll(fds, 2, timeout) < 0 && errno != EINTR)
			return;
		if (restarts_at_ms > 0 && now_ms() >= restarts_at_ms)
			start();
		if (fds[0].revents && (!fgets(command, sizeof(command), stdin) || !obey(command)))
			return;
		if (fds[1].revents)
			serve_line();
	}
}

/* ---- options: --name or --name=value ---- */

static struct settings {
	const char *link, *port, *folder, *primary, *secondary;
	unsigned slot_size, real_buffer;
	bool is_recovery;
} settings = { .slot_size = 256 * 1024 };

static const struct {
	const char *name;
	const char **target;
} texts[] = {
	{ "link", &settings.link },	      { "port", &settings.port },
	{ "state", &settings.folder },	      { "primary", &settings.primary },
	{ "secondary", &settings.secondary }, { "board", &options.board },
};

static const struct {
	const char *name;
	unsigned *target;
} numbers[] = {
	{ "slot-size", &settings.slot_size },
	{ "buffer", &options.buffer_size },
	{ "real-buffer", &settings.real_buffer }, /* smaller than it says */
	{ "baud", &line.baud },
	{ "erase-ms", &options.erase_ms },
	{ "swap-ms", &options.swap_ms },
	{ "boot-ms", &options.boot_ms },
	{ "write-unit", &options.write_unit },
};

static const struct {
	const char *name;
	bool *target;
	bool value;
} switches[] = {
	{ "raw", &line.is_raw, true },
	{ "noisy", &line.is_noisy, true },
	{ "no-parameters", &options.has_parameters, false },
	{ "no-slots", &options.has_slots, false },
	{ "no-echo", &options.has_echo, false },
	{ "no-board", &options.has_board, false },
	{ "version-1", &options.is_version_1, true },
	{ "direct-upload", &options.is_direct_upload, true },
	{ "recovery", &settings.is_recovery, true },
	{ "waits-for-dfu", &options.waits_for_dfu, true },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool take_option(const char *option)
{
	const char *value = strchr(option, '=');
	size_t length = value ? (size_t)(value - option) : strlen(option);

#define NAMES(row) (strlen((row).name) == length && strncmp((row).name, option, length) == 0)
	for (size_t i = 0; !value && i < COUNT(switches); i++)
		if (NAMES(switches[i])) {
			*switches[i].target = switches[i].value;
			return true;
		}
	for (size_t i = 0; value && i < COUNT(texts); i++)
		if (NAMES(texts[i])) {
			*texts[i].target = value + 1;
			return true;
		}
	for (size_t i = 0; value && i < COUNT(numbers); i++)
		if (NAMES(numbers[i])) {
			*numbers[i].target = (unsigned)strtoul(value + 1, NULL, 0);
			return true;
		}
	return value && length == 5 && strncmp(option, "fault", 5) == 0 && fault_add(value + 1);
#undef NAMES
}

int main(int argc, char *argv[])
{
	setvbuf(stdin, NULL, _IONBF, 0);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--", 2) != 0 || !take_option(argv[i] + 2)) {
			fprintf(stderr, "smp-device: what is %s?\n", argv[i]);
			return 2;
		}
	line.buffer_size = settings.real_buffer ? settings.real_buffer : options.buffer_size;
	if (settings.slot_size > SLOT_SIZE_MAX || line.buffer_size > BUFFER_SIZE_MAX ||
	    options.write_unit == 0)
		return 2;
	flash_open(&flash, settings.slot_size, settings.folder);
	if (settings.primary)
		flash_load_file(&flash, 0, settings.primary);
	if (settings.secondary)
		flash_load_file(&flash, 1, settings.secondary);
	if (settings.port)
		line_open_port(&line, settings.port);
	else
		line_open(&line, settings.link);
	start();
	server.is_recovery |= settings.is_recovery;
	run();
	if (settings.link)
		unlink(settings.link);
	return 0;
}
