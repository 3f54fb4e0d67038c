/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"

static const struct {
	unsigned baud;
	speed_t speed;
} speeds[] = {
	{ 9600, B9600 },       { 19200, B19200 },     { 38400, B38400 },     { 57600, B57600 },
	{ 115200, B115200 },   { 230400, B230400 },   { 460800, B460800 },   { 500000, B500000 },
	{ 576000, B576000 },   { 921600, B921600 },   { 1000000, B1000000 }, { 1152000, B1152000 },
	{ 1500000, B1500000 }, { 2000000, B2000000 }, { 2500000, B2500000 }, { 3000000, B3000000 },
	{ 3500000, B3500000 }, { 4000000, B4000000 },
};

static int find_speed(unsigned baud, speed_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i].baud == baud) {
			*ret = speeds[i].speed;
			return 0;
		}
	return -EINVAL;
}

bool port_baud_is_known(unsigned baud)
{
	speed_t speed;

	return find_speed(baud, &speed) >= 0;
}

static int configure(int fd, unsigned baud)
{
	struct termios settings;
	speed_t speed;
	int r = find_speed(baud, &speed);

	if (r < 0)
		return r;
	if (tcgetattr(fd, &settings) < 0)
		return -errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cflag &= ~(tcflag_t)(CRTSCTS | HUPCL | CSTOPB);
	settings.c_iflag |= IGNBRK;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	if (cfsetspeed(&settings, speed) < 0 || tcsetattr(fd, TCSANOW, &settings) < 0 ||
	    tcflush(fd, TCIOFLUSH) < 0)
		return -errno;
	return 0;
}

int port_open(struct port *port)
{
	_cleanup_close_ int fd = open(port->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	if (!isatty(fd))
		return -ENOTTY;
	/* The lock keeps out well-behaved programs of root, TIOCEXCL all others. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (ioctl(fd, TIOCEXCL) < 0)
		return -errno;
	r = configure(fd, port->baud);
	if (r < 0)
		return r;
	port->fd = TAKE_FD(fd);
	return 0;
}

void port_close(struct port *port)
{
	port->fd = close_fd(port->fd);
}

/* What the kernel says of a port whose adapter was pulled. */
static int gone_or(int error)
{
	return error == EIO || error == ENXIO || error == ENODEV ? -ENODEV : -error;
}

static usec_t now(void *line _unused_)
{
	return time_now_monotonic();
}

/* Calls the watch's functions when it is their time. */
static int serve_watch(struct port *port, bool is_ready)
{
	usec_t time = time_now_monotonic();
	int r = 0;

	if (is_ready)
		r = port->watch.on_ready(port->watch.userdata);
	if (r >= 0 && port->watch.on_period &&
	    time - port->last_period_usec >= port->watch.period_usec) {
		port->last_period_usec = time;
		r = port->watch.on_period(port->watch.userdata);
	}
	return r;
}

static int milliseconds_until(const struct port *port, usec_t deadline)
{
	usec_t time = time_now_monotonic(), left = deadline > time ? deadline - time : 0;

	if (port->watch.on_period) {
		usec_t next = port->last_period_usec + port->watch.period_usec;
		usec_t until_next = next > time ? next - time : 0;

		if (left > until_next)
			left = until_next;
	}
	return (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

/* Waits for @events on the port. 1: they are there; 0: the deadline passed. */
static int wait_for(struct port *port, short events, usec_t deadline)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = port->fd, .events = events },
					{ .fd = port->watch.fd, .events = POLLIN } };
		int r = poll(fds, ARRAY_SIZE(fds), milliseconds_until(port, deadline));

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		r = serve_watch(port, fds[1].revents != 0);
		if (r < 0)
			return r;
		if (fds[0].revents & events)
			return 1;
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			return -ENODEV;
		if (time_now_monotonic() >= deadline)
			return 0;
	}
}

static int send_bytes(void *line, const uint8_t *bytes, size_t size)
{
	struct port *port = line;

	if (port->fd < 0)
		return -ENODEV;
	while (size > 0) {
		ssize_t written = write(port->fd, bytes, size);
		int r;

		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
			continue;
		}
		if (written < 0 && errno != EAGAIN && errno != EINTR)
			return gone_or(errno);
		r = wait_for(port, POLLOUT, time_now_monotonic() + PORT_SEND_TIMEOUT);
		if (r < 0)
			return r;
		if (r == 0)
			return -ETIMEDOUT;
	}
	return 0;
}

static ssize_t receive(void *line, uint8_t *bytes, size_t capacity, usec_t deadline)
{
	struct port *port = line;

	if (port->fd < 0)
		return -ENODEV;
	for (;;) {
		ssize_t size;
		int r = wait_for(port, POLLIN, deadline);

		if (r <= 0)
			return r;
		size = read(port->fd, bytes, capacity);
		if (size > 0)
			return size;
		if (size == 0)
			return -ENODEV; /* hung up */
		if (errno != EAGAIN && errno != EINTR)
			return gone_or(errno);
	}
}

int port_drain(struct port *port)
{
	uint8_t bytes[256];
	int total = 0;

	for (;;) {
		ssize_t size = read(port->fd, bytes, sizeof(bytes));

		if (size == 0)
			return -ENODEV;
		if (size < 0)
			return errno == EAGAIN || errno == EINTR ? total : gone_or(errno);
		total += (int)size;
	}
}

const struct smp_line_operations port_line_operations = {
	.send = send_bytes,
	.receive = receive,
	.now = now,
};
