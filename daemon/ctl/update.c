/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl install, revert, confirm: what changes a device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ctl/client.h"
#include "ctl/job.h"

/* Of InstallFile, as org.fwslot1(5) numbers them. */
static const struct {
	enum ctl_option option;
	uint64_t flag;
} install_flags[] = {
	{ CTL_REINSTALL, 2 },
	{ CTL_DOWNGRADE, 4 },
	{ CTL_NO_WAY_BACK, 8 },
};

static int install(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_close_ int fd = open(ctl->arguments[1], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t flags = 0;
	int status, r;

	if (fd < 0)
		return ctl_fail(ctl, "%s cannot be opened: %s.", ctl->arguments[1],
				strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(install_flags); i++)
		if (ctl->options & install_flags[i].option)
			flags |= install_flags[i].flag;
	status = job_new_call(ctl, "InstallFile", &call);
	if (status != 0)
		return status;
	r = sd_bus_message_append(call, "shta{sv}", ctl->arguments[0], fd, flags, 0);
	if (r < 0)
		return ctl_fail(ctl, "The call cannot be made: %s.", strerror(-r));
	return job_run(ctl, call);
}

#define HELP_NO_WAIT "  --no-wait      return as soon as the job has begun\n"

const struct verb verb_install = {
	.name = "install",
	.synopsis = "[OPTION...] DEVICE FILE",
	.summary = "install the firmware of an offline file (.fwb)",
	.help = "The device tries it; if it does not work, it goes back by itself.\n\n"
		"  --reinstall    even if that version runs, or was taken back here before\n"
		"  --downgrade    even if it is older than what runs\n"
		"  --no-way-back  even if a bad update could not be taken back: the device has one\n"
		"                 slot, and what it holds cannot be saved\n" HELP_NO_WAIT,
	.count_min = 2,
	.count_max = 2,
	.options = CTL_JSON | CTL_NO_WAIT | CTL_REINSTALL | CTL_DOWNGRADE | CTL_NO_WAY_BACK,
	.may_need_password = true,
	.run = install,
};

static int revert(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int status = job_new_call(ctl, "Revert", &call), r;

	if (status != 0)
		return status;
	r = sd_bus_message_append(call, "st", ctl->arguments[0], UINT64_C(0));
	if (r < 0)
		return ctl_fail(ctl, "The call cannot be made: %s.", strerror(-r));
	return job_run(ctl, call);
}

const struct verb verb_revert = {
	.name = "revert",
	.synopsis = "[--no-wait] DEVICE",
	.summary = "go back to the firmware before",
	.help = HELP_NO_WAIT,
	.count_min = 1,
	.count_max = 1,
	.options = CTL_JSON | CTL_NO_WAIT,
	.may_need_password = true,
	.run = revert,
};

static int confirm(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "Confirm", &reply, "st", ctl->arguments[0], UINT64_C(0));

	if (status == 0 && !(ctl->options & CTL_JSON))
		printf("The firmware that %s runs is kept.\n", ctl->arguments[0]);
	return status;
}

const struct verb verb_confirm = {
	.name = "confirm",
	.synopsis = "DEVICE",
	.summary = "end a trial: what runs is good",
	.help = "",
	.count_min = 1,
	.count_max = 1,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = confirm,
};
