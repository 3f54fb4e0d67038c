// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls fwslotd's ListDevices on the system bus again and again for some seconds, in turn with
 * a call that the bus itself answers, and says how many replies of each came late. A machine
 * that pauses delays both alike; a daemon that is busy delays only its own.
 *
 *   bus-latency SECONDS LIMIT
 *
 * prints "CALLS MEDIAN P99 MAXIMUM LATE BUS_MEDIAN BUS_P99 BUS_MAXIMUM BUS_LATE": times in whole
 * milliseconds, rounded up; LATE counts the replies that took longer than LIMIT milliseconds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/time.h"

#define CALLS_MAX 10000
#define PAUSE_USEC (10 * USEC_PER_MSEC)

static int compare(const void *a, const void *b)
{
	const usec_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

struct peer {
	const char *name, *path, *interface, *method, *types;
	usec_t took[CALLS_MAX];
};

static struct peer fwslotd = {
	"org.fwslot1", "/org/fwslot1", "org.fwslot1.Manager", "ListDevices", "t", {}
};
static struct peer bus_itself = { "org.freedesktop.DBus",
				  "/org/freedesktop/DBus",
				  "org.freedesktop.DBus",
				  "ListNames",
				  NULL,
				  {} };

static int call(sd_bus *bus, struct peer *peer, size_t number)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	usec_t start = time_now_monotonic();
	int r = sd_bus_call_method(bus, peer->name, peer->path, peer->interface, peer->method,
				   &error, NULL, peer->types, UINT64_C(0));

	if (r < 0)
		fprintf(stderr, "bus-latency: %s: %s\n", peer->name,
			error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	peer->took[number] = time_now_monotonic() - start;
	return r;
}

static usec_t milliseconds(usec_t usec)
{
	return (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

static void print(struct peer *peer, size_t calls, usec_t limit)
{
	size_t late = 0;

	qsort(peer->took, calls, sizeof(peer->took[0]), compare);
	for (size_t i = 0; i < calls; i++)
		late += peer->took[i] > limit;
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %zu", milliseconds(peer->took[calls / 2]),
	       milliseconds(peer->took[calls - 1 - calls / 100]),
	       milliseconds(peer->took[calls - 1]), late);
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	size_t calls = 0;
	usec_t end;

	if (argc != 3 || atoi(argv[1]) <= 0 || atoi(argv[2]) <= 0) {
		fprintf(stderr, "usage: bus-latency SECONDS LIMIT\n");
		return 2;
	}
	if (sd_bus_open_system(&bus) < 0) {
		fprintf(stderr, "bus-latency: no system bus\n");
		return 1;
	}
	end = time_now_monotonic() + (usec_t)atoi(argv[1]) * USEC_PER_SEC;
	while (calls < CALLS_MAX && time_now_monotonic() < end) {
		if (call(bus, &fwslotd, calls) < 0 || call(bus, &bus_itself, calls) < 0)
			return 1;
		calls++;
		usleep(PAUSE_USEC);
	}
	sd_bus_unref(bus);
	printf("%zu ", calls);
	print(&fwslotd, calls, (usec_t)atoi(argv[2]) * USEC_PER_MSEC);
	printf(" ");
	print(&bus_itself, calls, (usec_t)atoi(argv[2]) * USEC_PER_MSEC);
	printf("\n");
	return 0;
}
