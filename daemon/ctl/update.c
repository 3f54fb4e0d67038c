/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl install, revert, confirm: what changes a device. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ctl/client.h"
#include "ctl/job.h"

#define FILE_SUFFIX ".fwb"

/* Of Install and InstallFile, as org.fwslot1(5) numbers them. */
static const struct {
	enum ctl_option option;
	uint64_t flag;
} install_flags[] = {
	{ CTL_REINSTALL, 2 },
	{ CTL_DOWNGRADE, 4 },
	{ CTL_NO_WAY_BACK, 8 },
	{ CTL_STALE, 16 },
};

/* A version has no slash and does not end like an offline file. */
static bool is_file(const char *argument)
{
	size_t length = strlen(argument), suffix = strlen(FILE_SUFFIX);

	return strchr(argument, '/') ||
	       (length > suffix && strcmp(argument + length - suffix, FILE_SUFFIX) == 0);
}

static int install_file(struct ctl *ctl, uint64_t flags)
{
	_cleanup_close_ int fd = open(ctl->arguments[1], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return ctl_fail(ctl, "%s cannot be opened: %s.", ctl->arguments[1],
				strerror(errno));
	return job_run(ctl, "InstallFile", "shta{sv}", ctl->arguments[0], fd, flags, 0);
}

static int install_offered(struct ctl *ctl, uint64_t flags)
{
	return job_run(ctl, "Install", "sst", ctl->arguments[0],
		       ctl->count > 1 ? ctl->arguments[1] : "", flags);
}

static int install(struct ctl *ctl)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(install_flags); i++)
		if (ctl->options & install_flags[i].option)
			flags |= install_flags[i].flag;
	if (ctl->count > 1 && is_file(ctl->arguments[1]))
		return install_file(ctl, flags);
	if (ctl->options & CTL_DOWNGRADE)
		return ctl_misused(ctl, "--downgrade is for files: sources offer nothing older.");
	if (ctl->options & CTL_STALE)
		return ctl_misused(ctl, "--stale is for files: what a source offers is fresh.");
	return install_offered(ctl, flags);
}

#define HELP_NO_WAIT "  --no-wait      return as soon as the job has begun\n"

const struct verb verb_install = {
	.name = "install",
	.synopsis = "[OPTION...] DEVICE [VERSION|FILE]",
	.summary = "install what is offered, or the firmware of an offline file (.fwb)",
	.help = "The device tries it; if it does not work, it goes back by itself. Without a version\n"
		"it is the one that \"fwslotctl updates\" shows. A file has a slash in its name, or ends\n"
		"in .fwb.\n\n"
		"  --reinstall    even if that version runs, or was taken back here before\n"
		"  --downgrade    a file: even if it is older than what runs\n"
		"  --stale        a file: even if what vouches for it has expired (AllowStaleFiles= of\n"
		"                 fwslotd.conf must allow it)\n"
		"  --no-way-back  even if a bad update could not be taken back: the device has one\n"
		"                 slot, and what it holds cannot be saved\n" HELP_NO_WAIT,
	.count_min = 1,
	.count_max = 2,
	.options = CTL_JSON | CTL_NO_WAIT | CTL_REINSTALL | CTL_DOWNGRADE | CTL_STALE |
		   CTL_NO_WAY_BACK,
	.may_need_password = true,
	.run = install,
};

static int revert(struct ctl *ctl)
{
	return job_run(ctl, "Revert", "st", ctl->arguments[0], UINT64_C(0));
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
