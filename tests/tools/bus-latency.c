// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls fwslotd's ListDevices on the system bus again and again for some seconds and prints how
 * long the replies took.
 *
 *   bus-latency SECONDS        prints "CALLS MEDIAN P99 MAXIMUM", the times in whole milliseconds, rounded up
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/time.h"

#define CALLS_MAX 100000
#define PAUSE_USEC (10 * USEC_PER_MSEC)

static int compare(const void *a, const void *b)
{
	const usec_t *one = a, *other = b;

	return *one < *other ? -1 : *one > *other;
}

static int call(sd_bus *bus, usec_t *ret)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	usec_t start = time_now_monotonic();
	int r = sd_bus_call_method(bus, "org.fwslot1", "/org/fwslot1", "org.fwslot1.Manager",
				   "ListDevices", &error, NULL, "t", UINT64_C(0));

	if (r < 0)
		fprintf(stderr, "bus-latency: %s\n", error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	*ret = time_now_monotonic() - start;
	return r;
}

static usec_t milliseconds(usec_t usec)
{
	return (usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
}

int main(int argc, char **argv)
{
	static usec_t took[CALLS_MAX];
	sd_bus *bus = NULL;
	size_t calls = 0;
	usec_t end;

	if (argc != 2 || atoi(argv[1]) <= 0) {
		fprintf(stderr, "usage: bus-latency SECONDS\n");
		return 2;
	}
	if (sd_bus_open_system(&bus) < 0) {
		fprintf(stderr, "bus-latency: no system bus\n");
		return 1;
	}
	end = time_now_monotonic() + (usec_t)atoi(argv[1]) * USEC_PER_SEC;
	while (calls < CALLS_MAX && time_now_monotonic() < end) {
		if (call(bus, &took[calls++]) < 0)
			return 1;
		usleep(PAUSE_USEC);
	}
	sd_bus_unref(bus);
	qsort(took, calls, sizeof(took[0]), compare);
	printf("%zu %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", calls, milliseconds(took[calls / 2]),
	       milliseconds(took[calls - 1 - calls / 100]), milliseconds(took[calls - 1]));
	return 0;
}
