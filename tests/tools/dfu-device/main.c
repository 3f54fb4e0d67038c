// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dfu-device: a USB device with a DFU interface, for tests, on a virtual bus of this machine.
 *
 *	dfu-device [OPTION...]		be such a device until told "quit" or killed
 *	dfu-device image [--version H.HH] [--behaviour WORD] [--size BYTES] FILE
 *					make an image for it
 *
 * Needs root and vhci_hcd. Options, commands and faults are explained by --help.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "firmware.h"
#include "options.h"
#include "vhci.h"

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/* One line of the control FIFO. Returns false for "quit". */
static bool obey(struct vhci *vhci, const char *line)
{
	unsigned int ms;

	if (!strcmp(line, "quit"))
		return false;
	if (!strncmp(line, "fault ", 6)) {
		if (!fault_add(&vhci->model->faults, line + 6))
			printf("bad fault: %s\n", line + 6);
	} else if (!strcmp(line, "unplug")) {
		vhci_unplug(vhci, UINT64_MAX);
	} else if (sscanf(line, "replug %u", &ms) == 1) {
		vhci_unplug(vhci, now_us() + 1000ULL * ms);
	} else if (!strcmp(line, "plug")) {
		if (vhci->socket < 0)
			vhci_plug(vhci, now_us());
	} else if (!strcmp(line, "clear")) {
		vhci->model->faults.count = 0;
	} else if (!strcmp(line, "status")) {
		printf("state %u status %u requests %u boots %u running %d alternate %u\n",
		       vhci->model->state, vhci->model->status, vhci->model->requests,
		       vhci->model->boots, vhci->model->running, vhci->model->alternate);
	} else {
		printf("unknown command: %s\n", line);
	}
	return true;
}

/* Reads what has come down the FIFO and obeys each whole line. */
static bool obey_all(struct vhci *vhci, int fd)
{
	static char buffer[1024];
	static size_t used;
	ssize_t got = read(fd, buffer + used, sizeof(buffer) - used - 1);
	char *line = buffer, *end;

	if (got <= 0)
		return true;
	used += got;
	buffer[used] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		if (!obey(vhci, line))
			return false;
		line = end + 1;
	}
	used = buffer + used - line;
	memmove(buffer, line, used);
	if (used == sizeof(buffer) - 1)
		used = 0;
	return true;
}

static int timeout_ms(const struct vhci *vhci)
{
	uint64_t due = vhci_timer_us(vhci), now = now_us();

	if (due == UINT64_MAX)
		return -1;
	return due <= now ? 0 : (due - now) / 1000 + 1;
}

static int run(struct vhci *vhci, int control)
{
	struct pollfd fds[2] = { { .fd = control, .events = POLLIN } };
	int ret = vhci_plug(vhci, now_us());

	while (!ret) {
		fds[1] = (struct pollfd){ .fd = vhci->socket, .events = POLLIN };
		if (poll(fds, 2, timeout_ms(vhci)) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents && !obey_all(vhci, control))
			return 0;
		if (vhci->socket >= 0 && fds[1].fd == vhci->socket && fds[1].revents &&
		    vhci_serve(vhci, now_us()) < 0)
			vhci_unplug(vhci, UINT64_MAX);
		ret = vhci_timer(vhci, now_us());
	}
	return ret;
}

static int be_device(int argc, char **argv)
{
	static struct vhci vhci;
	struct options options;
	int control = -1, ret;

	if (!options_parse(argc, argv, &options))
		return 2;
	if (options.control) {
		control = open(options.control, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (control < 0) {
			fprintf(stderr, "dfu-device: %s: %s\n", options.control, strerror(errno));
			return 1;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	vhci = (struct vhci){ .model = &options.model, .port = options.port, .socket = -1 };
	model_start(&options.model, now_us());
	ret = run(&vhci, control);
	vhci_unplug(&vhci, UINT64_MAX);
	options_save(&options);
	options_free(&options);
	if (ret)
		fprintf(stderr, "dfu-device: port %d of vhci_hcd: %s\n", vhci.port, strerror(-ret));
	return ret ? 1 : 0;
}

static int make_image(int argc, char **argv)
{
	static const char *const behaviours[FIRMWARE_BEHAVIOURS] = { "boots", "boot-loops",
								     "dead" };
	static const struct option known[] = { { "version", required_argument, NULL, 'v' },
					       { "behaviour", required_argument, NULL, 'b' },
					       { "size", required_argument, NULL, 's' },
					       { 0 } };
	struct firmware firmware = { .version = 0x0100 };
	size_t size = 16384;
	unsigned int major, minor;
	uint8_t *image;
	FILE *file;
	int c, i;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'v':
			if (sscanf(optarg, "%x.%x", &major, &minor) != 2)
				return 2;
			firmware.version = major << 8 | minor;
			break;
		case 'b':
			for (i = 0; i < FIRMWARE_BEHAVIOURS && strcmp(optarg, behaviours[i]); i++)
				;
			if (i == FIRMWARE_BEHAVIOURS)
				return 2;
			firmware.behaviour = i;
			break;
		case 's':
			size = strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1 || size < FIRMWARE_HEADER_BYTES || size > 64 << 20)
		return 2;
	image = malloc(size);
	file = fopen(argv[optind], "w");
	if (!image || !file) {
		fprintf(stderr, "dfu-device: %s: %s\n", argv[optind], strerror(errno));
		free(image);
		return 1;
	}
	firmware_fill(image, size, &firmware);
	i = fwrite(image, 1, size, file) == size;
	i = fclose(file) == 0 && i;
	free(image);
	return i ? 0 : 1;
}

int main(int argc, char **argv)
{
	int ret;

	if (argc > 1 && !strcmp(argv[1], "image")) {
		ret = make_image(argc - 1, argv + 1);
		if (ret == 2)
			fprintf(stderr,
				"usage: dfu-device image [--version H.HH] "
				"[--behaviour boots|boot-loops|dead] [--size BYTES] FILE\n");
		return ret;
	}
	return be_device(argc, argv);
}
