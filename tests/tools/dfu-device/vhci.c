// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The device's end of USB/IP (Documentation/usb/usbip_protocol.rst): 48 byte headers in network
 * byte order, one control request at a time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhci.h"

enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };
enum { HEADER_BYTES = 48, SPEED_HIGH = 3, DEVICE_ID = 1 << 16 | 2, ATTACH_TRIES = 250 };

/* Offsets in a header. */
enum {
	COMMAND = 0,
	SEQUENCE = 4,
	DIRECTION = 12,
	STATUS = 20,
	ACTUAL = 24,
	LENGTH = 24,
	SETUP = 40
};

static uint32_t get(const uint8_t *header, int offset)
{
	uint32_t value;

	memcpy(&value, header + offset, sizeof(value));
	return ntohl(value);
}

static void put(uint8_t *header, int offset, uint32_t value)
{
	value = htonl(value);
	memcpy(header + offset, &value, sizeof(value));
}

static int attach(const struct vhci *vhci, int socket)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%d %d %d %d", vhci->port, socket, DEVICE_ID,
			      SPEED_HIGH);
	int fd = open("/sys/devices/platform/vhci_hcd.0/attach", O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	/* The port is free again only after the kernel has put away what was there before. */
	for (int i = 0; i < ATTACH_TRIES; i++) {
		ret = write(fd, line, length) < 0 ? -errno : 0;
		if (ret != -EBUSY && ret != -EINVAL)
			break;
		usleep(20 * 1000);
	}
	close(fd);
	return ret;
}

int vhci_plug(struct vhci *vhci, uint64_t now_us)
{
	int sockets[2], ret;

	vhci->return_at_us = UINT64_MAX;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	ret = attach(vhci, sockets[1]);
	close(sockets[1]);
	if (ret) {
		close(sockets[0]);
		return ret;
	}
	vhci->socket = sockets[0];
	model_return(vhci->model, now_us);
	printf("plugged %s\n", vhci->model->is_runtime ? "runtime" : "dfu");
	return 0;
}

void vhci_unplug(struct vhci *vhci, uint64_t return_at_us)
{
	if (vhci->socket >= 0) {
		printf("unplugged\n");
		shutdown(vhci->socket, SHUT_RDWR);
		close(vhci->socket);
	}
	vhci->socket = -1;
	vhci->waiting_sequence = 0;
	vhci->return_at_us = return_at_us;
}

static uint64_t after(uint64_t now_us, uint32_t ms)
{
	return ms == MODEL_FOR_GOOD ? UINT64_MAX : now_us + 1000ULL * ms;
}

static int read_all(int fd, void *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = recv(fd, (char *)buffer + done, length - done, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EPIPE;
		done += got;
	}
	return 0;
}

static int write_all(int fd, const void *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t put_bytes =
			send(fd, (const char *)buffer + done, length - done, MSG_NOSIGNAL);

		if (put_bytes < 0 && errno == EINTR)
			continue;
		if (put_bytes < 0)
			return -errno;
		done += put_bytes;
	}
	return 0;
}

static int send_answer(struct vhci *vhci)
{
	vhci->waiting_sequence = 0;
	return write_all(vhci->socket, vhci->answer, vhci->answer_bytes);
}

/* The host gave a request up: it must not be answered any more, only the giving up. */
static int serve_unlink(struct vhci *vhci, const uint8_t *header)
{
	uint8_t reply[HEADER_BYTES] = { 0 };
	bool is_waiting = get(header, STATUS) == vhci->waiting_sequence;

	put(reply, COMMAND, RET_UNLINK);
	put(reply, SEQUENCE, get(header, SEQUENCE));
	put(reply, STATUS, is_waiting ? -ECONNRESET : 0);
	if (is_waiting)
		vhci->waiting_sequence = 0;
	return write_all(vhci->socket, reply, sizeof(reply));
}

static int serve_submit(struct vhci *vhci, const uint8_t *header, uint64_t now_us)
{
	const uint8_t *raw = header + SETUP;
	struct usb_setup setup = {
		.request_type = raw[0],
		.request = raw[1],
		.value = raw[2] | raw[3] << 8,
		.index = raw[4] | raw[5] << 8,
		.length = raw[6] | raw[7] << 8,
	};
	bool is_in = get(header, DIRECTION);
	uint8_t *data = vhci->answer + HEADER_BYTES;
	int ret;

	if (!is_in && get(header, LENGTH)) {
		if (get(header, LENGTH) > 65536)
			return -EPROTO;
		ret = read_all(vhci->socket, data, get(header, LENGTH));
		if (ret)
			return ret;
	}
	ret = model_control(vhci->model, &setup, data, now_us);
	if (ret == MODEL_LEAVES) {
		vhci_unplug(vhci, after(now_us, vhci->model->away_ms));
		return 0;
	}
	memset(vhci->answer, 0, HEADER_BYTES);
	put(vhci->answer, COMMAND, RET_SUBMIT);
	put(vhci->answer, SEQUENCE, get(header, SEQUENCE));
	put(vhci->answer, STATUS, ret == MODEL_STALL ? -EPIPE : 0);
	put(vhci->answer, ACTUAL, ret > 0 ? ret : 0);
	vhci->answer_bytes = HEADER_BYTES + (is_in && ret > 0 ? ret : 0);
	vhci->waiting_sequence = get(header, SEQUENCE);
	vhci->answer_at_us = ret == MODEL_NO_ANSWER ?
				     UINT64_MAX :
				     now_us + 1000ULL * vhci->model->answer_delay_ms;
	if (vhci->answer_at_us > now_us)
		return 0;
	ret = send_answer(vhci);
	if (!ret && vhci->model->is_leaving) {
		usleep(2000);
		vhci_unplug(vhci, after(now_us, vhci->model->away_ms));
	}
	return ret;
}

int vhci_serve(struct vhci *vhci, uint64_t now_us)
{
	uint8_t header[HEADER_BYTES];
	int ret = read_all(vhci->socket, header, sizeof(header));

	if (ret)
		return ret;
	switch (get(header, COMMAND)) {
	case CMD_SUBMIT:
		return serve_submit(vhci, header, now_us);
	case CMD_UNLINK:
		return serve_unlink(vhci, header);
	}
	return -EPROTO;
}

uint64_t vhci_timer_us(const struct vhci *vhci)
{
	uint64_t model_us = model_timer_us(vhci->model);

	if (vhci->socket < 0)
		return vhci->return_at_us;
	if (vhci->waiting_sequence && vhci->answer_at_us < model_us)
		return vhci->answer_at_us;
	return model_us;
}

int vhci_timer(struct vhci *vhci, uint64_t now_us)
{
	if (vhci->socket < 0)
		return now_us >= vhci->return_at_us ? vhci_plug(vhci, now_us) : 0;
	if (model_timer(vhci->model, now_us)) {
		vhci_unplug(vhci, after(now_us, vhci->model->away_ms));
		return 0;
	}
	if (vhci->waiting_sequence && now_us >= vhci->answer_at_us)
		return send_answer(vhci);
	return 0;
}
