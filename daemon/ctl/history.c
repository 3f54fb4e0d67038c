/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl jobs, history, cancel: what is under way, what happened, and ending it. */
#include <stdio.h>

#include "base/parse.h"
#include "ctl/client.h"
#include "ctl/table.h"

static int jobs(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "id", "JOB", CELL_NUMBER },
		{ "type", "TYPE", CELL_TEXT },
		{ "device", "DEVICE", CELL_TEXT },
		{ "phase", "PHASE", CELL_STATE },
		{ "percent", "PROGRESS", CELL_PERCENT },
		{ "path", NULL, CELL_TEXT },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "ListJobs", &reply, "t", UINT64_C(0));

	return status ?:
			table_show_reply(ctl, reply, columns, ARRAY_SIZE(columns),
					 "Nothing is being done, and nothing was lately.");
}

const struct verb verb_jobs = {
	.name = "jobs",
	.synopsis = "",
	.summary = "what is under way, and the last ones that ended",
	.help = "",
	.options = CTL_JSON,
	.run = jobs,
};

static int history(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "time_usec", "WHEN", CELL_TIME }, { "device", "DEVICE", CELL_TEXT },
		{ "action", "ACTION", CELL_TEXT },  { "from", "FROM", CELL_TEXT },
		{ "to", "TO", CELL_TEXT },	    { "result", "RESULT", CELL_STATE },
		{ "uid", "USER", CELL_USER },	    { "reason", "REASON", CELL_TEXT },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "GetHistory", &reply, "sut",
				 ctl->count > 0 ? ctl->arguments[0] : "",
				 ctl->limit ?: UINT32_C(20), UINT64_C(0));

	return status ?:
			table_show_reply(ctl, reply, columns, ARRAY_SIZE(columns),
					 "Nothing has happened yet.");
}

const struct verb verb_history = {
	.name = "history",
	.synopsis = "[--limit=N] [DEVICE]",
	.summary = "what happened, the newest first",
	.help = "  --limit=N  at most so many rows, 1 to 1000; 20 if not given\n",
	.count_max = 1,
	.options = CTL_JSON | CTL_LIMIT,
	.run = history,
};

static int cancel(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint64_t id;
	int status;

	if (parse_u64(ctl->arguments[0], &id) < 0)
		return ctl_misused(ctl,
				   "\"%s\" is no number of a job; \"fwslotctl jobs\" lists them.",
				   ctl->arguments[0]);
	status = client_call(ctl, "CancelJob", &reply, "tt", id, UINT64_C(0));
	if (status == 0 && !(ctl->options & CTL_JSON))
		printf("Job %s is being ended.\n", ctl->arguments[0]);
	return status;
}

const struct verb verb_cancel = {
	.name = "cancel",
	.synopsis = "JOB",
	.summary = "end a job that has not begun to write",
	.help = "",
	.count_min = 1,
	.count_max = 1,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = cancel,
};
