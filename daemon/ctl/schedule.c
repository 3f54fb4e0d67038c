/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl approve, postpone, dismiss, policy: when updates are installed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/when.h"

/* As org.fwslot1(5) numbers them. */
#define FLAG_REINSTALL UINT64_C(2)
#define FLAG_NO_WAY_BACK UINT64_C(8)
#define FLAG_PAST_DEADLINE UINT64_C(32)
#define FLAG_RUNTIME UINT64_C(64)

static uint64_t flag(const struct ctl *ctl, enum ctl_option option, uint64_t value)
{
	return ctl->options & (unsigned)option ? value : 0;
}

static char *time_text(uint64_t usec)
{
	return terminal_time(usec, time_now_realtime());
}

static int approve(struct ctl *ctl)
{
	uint64_t flags = flag(ctl, CTL_REINSTALL, FLAG_REINSTALL) |
			 flag(ctl, CTL_NO_WAY_BACK, FLAG_NO_WAY_BACK);
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL;
	uint64_t not_before_usec;
	int status = client_call(ctl, "Approve", &reply, "sst", ctl->arguments[0],
				 ctl->count > 1 ? ctl->arguments[1] : "", flags);

	if (status != 0)
		return status;
	if (sd_bus_message_read(reply, "t", &not_before_usec) < 0)
		return ctl_fail(ctl, "The daemon's answer cannot be read.");
	if (ctl->options & CTL_JSON) {
		_cleanup_value_ json_t *value =
			json_pack("{s:I}", "not_before_usec", (json_int_t)not_before_usec);

		values_print(value);
		return CTL_EXIT_OK;
	}
	text = time_text(not_before_usec);
	if (not_before_usec == 0)
		puts("Approved, but no window is configured (Window= in fwslotd.conf): it waits.");
	else if (not_before_usec <= time_now_realtime())
		puts("Approved: it begins as soon as nothing stands in its way (\"fwslotctl show\").");
	else
		printf("Approved: it is installed in the window that begins %s.\n", text ?: "?");
	return CTL_EXIT_OK;
}

const struct verb verb_approve = {
	.name = "approve",
	.synopsis = "[--reinstall] [--no-way-back] DEVICE [VERSION]",
	.summary = "install what is offered in the next window",
	.help = "Windows are configured in fwslotd.conf. Without a version it is the one that \"fwslotctl\n"
		"updates\" shows. \"fwslotctl show DEVICE\" tells what stands in its way then.\n\n"
		"  --reinstall    even if that version runs, or was taken back here before\n"
		"  --no-way-back  even if a bad update could not be taken back\n",
	.count_min = 1,
	.count_max = 2,
	.options = CTL_JSON | CTL_REINSTALL | CTL_NO_WAY_BACK,
	.may_need_password = true,
	.run = approve,
};

static int postpone(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL;
	uint64_t until_usec = 0;
	int r = when_parse(ctl->arguments[1], time_now_realtime(), &until_usec), status;

	if (r == -ERANGE)
		return ctl_misused(ctl, "\"%s\" is over.", ctl->arguments[1]);
	if (r < 0)
		return ctl_misused(
			ctl,
			"\"%s\" is no time; write \"tomorrow 18:00\", \"fri\", \"18:00\" or \"3d\".",
			ctl->arguments[1]);
	status = client_call(ctl, "Postpone", &reply, "stt", ctl->arguments[0], until_usec,
			     flag(ctl, CTL_PAST_DEADLINE, FLAG_PAST_DEADLINE));
	if (status != 0)
		return status;
	if (ctl->options & CTL_JSON) {
		_cleanup_value_ json_t *value =
			json_pack("{s:I}", "postponed_until_usec", (json_int_t)until_usec);

		values_print(value);
		return CTL_EXIT_OK;
	}
	text = time_text(until_usec);
	printf("Postponed until %s.\n", text ?: "?");
	return CTL_EXIT_OK;
}

const struct verb verb_postpone = {
	.name = "postpone",
	.synopsis = "[--past-deadline] DEVICE TIME",
	.summary = "let nothing happen to an update before a time",
	.help = WHEN_HELP
	"\n  --past-deadline  even beyond the update's deadline: an administrator's password\n",
	.count_min = 2,
	.count_max = 2,
	.options = CTL_JSON | CTL_PAST_DEADLINE,
	.may_need_password = true,
	.run = postpone,
};

static int dismiss(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "Dismiss", &reply, "sst", ctl->arguments[0],
				 ctl->count > 1 ? ctl->arguments[1] : "",
				 flag(ctl, CTL_PAST_DEADLINE, FLAG_PAST_DEADLINE));

	if (status == 0 && !(ctl->options & CTL_JSON))
		puts("That version is not installed by itself and not asked about again.");
	return status;
}

const struct verb verb_dismiss = {
	.name = "dismiss",
	.synopsis = "[--past-deadline] DEVICE [VERSION]",
	.summary = "never install an update by itself, and ask nobody about it",
	.help = "\"fwslotctl install\" and \"approve\" still do.\n\n"
		"  --past-deadline  even if it has a deadline: an administrator's password\n",
	.count_min = 1,
	.count_max = 2,
	.options = CTL_JSON | CTL_PAST_DEADLINE,
	.may_need_password = true,
	.run = dismiss,
};

/* Device, policy: the first row is of all that have none of their own. */
static int read_policies(struct ctl *ctl, json_t *rows)
{
	_cleanup_message_ sd_bus_message *manager = NULL, *list = NULL;
	_cleanup_value_ json_t *all = NULL, *devices = NULL;
	int status = client_get_all(ctl, CLIENT_PATH, CLIENT_MANAGER, &manager);
	json_t *row;
	size_t i;

	if (status == 0)
		status = client_call(ctl, "ListDevices", &list, "t", UINT64_C(0));
	if (status != 0)
		return status;
	all = values_read(manager);
	devices = values_read(list);
	(void)json_array_append_new(rows,
				    json_pack("[s,O?]", "", json_object_get(all, "DefaultPolicy")));
	json_array_foreach(devices, i, row) {
		_cleanup_message_ sd_bus_message *reply = NULL;
		_cleanup_value_ json_t *device = NULL;

		status = client_get_all(ctl, json_string_value(json_array_get(row, 6)),
					"org.fwslot1.Device", &reply);
		if (status != 0)
			return status;
		device = values_read(reply);
		(void)json_array_append_new(rows, json_pack("[O?,O?]", json_array_get(row, 0),
							    json_object_get(device, "Policy")));
	}
	return 0;
}

static int show_policies(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "device", "DEVICE", CELL_TEXT },
		{ "policy", "POLICY", CELL_TEXT },
	};
	_cleanup_value_ json_t *rows = json_array();
	int status = read_policies(ctl, rows);

	if (status != 0)
		return status;
	if (!(ctl->options & CTL_JSON))
		(void)json_array_set_new(json_array_get(rows, 0), 0, json_string("(others)"));
	return table_show(ctl, rows, columns, ARRAY_SIZE(columns), "");
}

static int policy(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *device, *word;
	int status;

	if (ctl->count == 0)
		return show_policies(ctl);
	device = ctl->count > 1 ? ctl->arguments[0] : "";
	word = ctl->arguments[ctl->count - 1];
	status = client_call(ctl, "SetPolicy", &reply, "sst", device,
			     strcmp(word, "default") == 0 ? "" : word,
			     flag(ctl, CTL_RUNTIME, FLAG_RUNTIME));
	return status != 0 || ctl->options & CTL_JSON ? status : show_policies(ctl);
}

const struct verb verb_policy = {
	.name = "policy",
	.synopsis = "[--runtime] [[DEVICE] POLICY]",
	.summary = "what becomes of updates by themselves; or sets it",
	.help = "Policies: ask (a person decides), automatic (installed in the next window), security\n"
		"(those of urgency high or critical automatically, others ask), never; default is what\n"
		"fwslotd.conf says. Without a device it is for all that have no policy of their own.\n\n"
		"  --runtime      only until fwslotd ends\n",
	.count_min = 0,
	.count_max = 2,
	.options = CTL_JSON | CTL_RUNTIME,
	.may_need_password = true,
	.run = policy,
};

static int explain(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "source", "SOURCE", CELL_TEXT }, { "rule", "RULE", CELL_TEXT },
		{ "allows", "ALLOWS", CELL_TEXT }, { "sentence", "WHY", CELL_TEXT },
		{ "details", NULL, CELL_TEXT },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "Explain", &reply, "st", ctl->arguments[0], UINT64_C(0));

	return status ?:
			table_show_reply(ctl, reply, columns, ARRAY_SIZE(columns),
					 "No update source is there to offer anything.");
}

const struct verb verb_explain = {
	.name = "explain",
	.synopsis = "DEVICE",
	.summary = "why an update is offered to a device, or is not",
	.help = "For each update source the rules up to the first that says no.\n",
	.count_min = 1,
	.count_max = 1,
	.options = CTL_JSON,
	.run = explain,
};
