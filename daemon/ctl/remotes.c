/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl updates, remotes, refresh: what is offered, by whom, and asking them. */
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/table.h"

static int updates(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "device", "DEVICE", CELL_TEXT },
		{ "version", "VERSION", CELL_TEXT },
		{ "urgency", "URGENCY", CELL_TEXT },
		{ "decision", "DECISION", CELL_STATE },
		{ "deadline_usec", NULL, CELL_TIME },
		{ "size", "SIZE", CELL_BYTES },
		{ "published_usec", "PUBLISHED", CELL_TIME },
		{ "path", NULL, CELL_TEXT },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "ListUpdates", &reply, "t", UINT64_C(0));

	return status ?:
			table_show_reply(ctl, reply, columns, ARRAY_SIZE(columns),
					 "Nothing is offered to the devices that are attached. "
					  "\"fwslotctl refresh\" asks again.");
}

const struct verb verb_updates = {
	.name = "updates",
	.synopsis = "",
	.summary = "what update sources offer to the devices",
	.help = "",
	.options = CTL_JSON,
	.run = updates,
};

static int remotes(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "name", "SOURCE", CELL_TEXT },
		{ "title", "TITLE", CELL_TEXT },
		{ "url", "URL", CELL_TEXT },
		{ "enabled", "ASKED", CELL_TEXT },
		{ "last_refresh_usec", "LAST", CELL_TIME },
		{ "next_refresh_usec", "NEXT", CELL_TIME },
		{ "reason", "TROUBLE", CELL_TEXT },
		{ "message", NULL, CELL_TEXT },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "ListRemotes", &reply, "t", UINT64_C(0));

	return status ?:
			table_show_reply(
				ctl, reply, columns, ARRAY_SIZE(columns),
				"No update source has a server; fwslot-remote.conf(5) tells how to "
				 "name one.");
}

const struct verb verb_remotes = {
	.name = "remotes",
	.synopsis = "",
	.summary = "update sources, and when they were asked",
	.help = "",
	.options = CTL_JSON,
	.run = remotes,
};

static int refresh(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "Refresh", &reply, "st",
				 ctl->count > 0 ? ctl->arguments[0] : "", UINT64_C(0));

	return status ?: updates(ctl);
}

const struct verb verb_refresh = {
	.name = "refresh",
	.synopsis = "[SOURCE]",
	.summary = "ask update sources now, and show what they offer",
	.help = "",
	.count_max = 1,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = refresh,
};
