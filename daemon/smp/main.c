/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-smp: makes a device with MCUboot on a serial port a device of fwslot. */
#include <stdlib.h>

#include "smp/agent.h"

/* Half a kilobyte of buffers in many places: too much for a stack frame. */
static struct agent agent;

static int run(struct smp_options *options)
{
	int fd = agent_open_provider(options), r;

	if (fd < 0)
		return fd;
	r = agent_begin(&agent, options, fd);
	if (r >= 0)
		r = agent_run(&agent);
	agent_end(&agent);
	return r;
}

int main(int argc, char *argv[])
{
	struct smp_options options;
	int r = smp_options_parse(argc, argv, &options);

	if (r == 0) {
		smp_options_ask_udev(&options);
		r = run(&options);
	}
	smp_options_done(&options);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
