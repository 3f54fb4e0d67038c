/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl pin, unpin, skip, unskip: which versions are for a device at all. */
#include <stdio.h>

#include "ctl/client.h"

/* What was said at the end, unless JSON is wanted: then the exit status is all there is. */
static int say(const struct ctl *ctl, int status, const char *sentence)
{
	if (status == 0 && !(ctl->options & CTL_JSON))
		puts(sentence);
	return status;
}

static int call(struct ctl *ctl, const char *method)
{
	_cleanup_message_ sd_bus_message *reply = NULL;

	return client_call(ctl, method, &reply, "sst", ctl->arguments[0],
			   ctl->count > 1 ? ctl->arguments[1] : "", UINT64_C(0));
}

static int pin(struct ctl *ctl)
{
	return say(ctl, call(ctl, "Pin"), "Pinned: no other version is installed or offered.");
}

const struct verb verb_pin = {
	.name = "pin",
	.synopsis = "DEVICE [VERSION]",
	.summary = "let a device have one version of its firmware and no other",
	.help = "Without a version it is the one that runs. Another one is refused, whoever asks, until\n"
		"\"fwslotctl unpin\"; only going back to earlier firmware (revert, restore) is not.\n",
	.count_min = 1,
	.count_max = 2,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = pin,
};

static int unpin(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "Unpin", &reply, "st", ctl->arguments[0], UINT64_C(0));

	return say(ctl, status, "Not pinned: update sources are asked anew.");
}

const struct verb verb_unpin = {
	.name = "unpin",
	.synopsis = "DEVICE",
	.summary = "take a pin back",
	.help = "",
	.count_min = 1,
	.count_max = 1,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = unpin,
};

static int skip(struct ctl *ctl)
{
	return say(ctl, call(ctl, "Skip"), "Skipped: that version is not installed or offered.");
}

const struct verb verb_skip = {
	.name = "skip",
	.synopsis = "DEVICE [VERSION]",
	.summary = "let a device not have a version, whoever offers it",
	.help = "Without a version it is the one that \"fwslotctl updates\" shows. It is refused, whoever asks,\n"
		"until \"fwslotctl unskip\"; \"fwslotctl dismiss\" only stops the asking.\n",
	.count_min = 1,
	.count_max = 2,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = skip,
};

static int unskip(struct ctl *ctl)
{
	return say(ctl, call(ctl, "Unskip"), "Not skipped any more.");
}

const struct verb verb_unskip = {
	.name = "unskip",
	.synopsis = "DEVICE [VERSION]",
	.summary = "take that back, without a version for all of them",
	.help = "",
	.count_min = 1,
	.count_max = 2,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = unskip,
};
