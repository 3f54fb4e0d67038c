/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl: which verb, its options, and the help. */
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "ctl/client.h"
#include "ctl/password-agent.h"
#include "ctl/values.h"

#define LIMIT_MAX 1000

static const struct verb *const verbs[] = {
	&verb_list,	     &verb_show,     &verb_updates, &verb_explain, &verb_install,
	&verb_approve,	     &verb_postpone, &verb_dismiss, &verb_policy,  &verb_pin,
	&verb_unpin,	     &verb_skip,     &verb_unskip,  &verb_revert,  &verb_confirm,
	&verb_jobs,	     &verb_cancel,   &verb_history, &verb_backups, &verb_restore,
	&verb_export_backup, &verb_remotes,  &verb_refresh, &verb_watch,   &verb_doctor,
};

enum { OPTION_HELP = 1 << 16, OPTION_VERSION };

static const struct option options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "json", no_argument, NULL, CTL_JSON },
	{ "limit", required_argument, NULL, CTL_LIMIT },
	{ "no-wait", no_argument, NULL, CTL_NO_WAIT },
	{ "reinstall", no_argument, NULL, CTL_REINSTALL },
	{ "downgrade", no_argument, NULL, CTL_DOWNGRADE },
	{ "stale", no_argument, NULL, CTL_STALE },
	{ "no-way-back", no_argument, NULL, CTL_NO_WAY_BACK },
	{ "past-deadline", no_argument, NULL, CTL_PAST_DEADLINE },
	{ "runtime", no_argument, NULL, CTL_RUNTIME },
	{ 0 },
};

int ctl_fail(const struct ctl *ctl, const char *format, ...)
{
	_cleanup_free_ char *sentence = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&sentence, format, arguments) < 0)
		sentence = NULL;
	va_end(arguments);
	fprintf(stderr, "fwslotctl %s: %s\n", ctl->verb->name, sentence ?: "No memory is left.");
	if (ctl->options & CTL_JSON)
		values_print_error("", sentence ?: "No memory is left.");
	return CTL_EXIT_FAILED;
}

int ctl_misused(const struct ctl *ctl, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "fwslotctl %s: ", ctl->verb->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nUsage: fwslotctl %s %s\n", ctl->verb->name, ctl->verb->synopsis);
	return CTL_EXIT_USAGE;
}

static int show_help(void)
{
	printf("Usage: fwslotctl VERB ...\n\n"
	       "Firmware of attached devices: what they run, updates, and ways back.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\n\"fwslotctl VERB --help\" tells more of one. With --json every verb prints JSON.\n\n"
	       "Colour is used on a terminal, unless $NO_COLOR is set.\n"
	       "Exit status: 0 done; 1 failed, with a message; 2 wrong usage; 3 the daemon cannot be\n"
	       "reached; 4 not allowed; 5 the update was taken back.\n");
	return CTL_EXIT_OK;
}

static int show_verb_help(const struct verb *verb)
{
	printf("Usage: fwslotctl %s %s\n\n%s\n", verb->name, verb->synopsis, verb->summary);
	if (verb->help[0])
		printf("\n%s", verb->help);
	return CTL_EXIT_OK;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

/* 0, or an exit status after a message. */
static int take_option(struct ctl *ctl, const struct option *option)
{
	uint64_t limit;

	if (!(ctl->verb->options & (unsigned)option->val))
		return ctl_misused(ctl, "--%s is no option of this verb.", option->name);
	ctl->options |= (unsigned)option->val;
	if (option->val != CTL_LIMIT)
		return 0;
	if (parse_u64_range(optarg, 1, LIMIT_MAX, &limit) < 0)
		return ctl_misused(ctl, "--limit=%s is not a number from 1 to %d.", optarg,
				   LIMIT_MAX);
	ctl->limit = (uint32_t)limit;
	return 0;
}

/* 0: to be run; else an exit status + 1. */
static int read_arguments(struct ctl *ctl, int count, char **arguments)
{
	int found, index, status;

	opterr = 0;
	while ((found = getopt_long(count, arguments, ":h", options, &index)) >= 0) {
		if (found == OPTION_HELP || found == 'h')
			return 1 + show_verb_help(ctl->verb);
		if (found == ':')
			return 1 + ctl_misused(ctl, "%s needs a value.", arguments[optind - 1]);
		if (found == '?' || found == OPTION_VERSION)
			return 1 + ctl_misused(ctl, "\"%s\" is no option.", arguments[optind - 1]);
		status = take_option(ctl, &options[index]);
		if (status != 0)
			return 1 + status;
	}
	ctl->count = count - optind;
	ctl->arguments = arguments + optind;
	if (ctl->count < ctl->verb->count_min)
		return 1 + ctl_misused(ctl, "Something is missing.");
	if (ctl->count > ctl->verb->count_max)
		return 1 + ctl_misused(ctl, "\"%s\" is too much.",
				       ctl->arguments[ctl->verb->count_max]);
	return 0;
}

static int run(struct ctl *ctl)
{
	pid_t agent = 0;
	int status;

	/* The doctor looks for himself. */
	if (ctl->verb == &verb_doctor)
		return ctl->verb->run(ctl);
	status = client_open(ctl);
	if (status != 0)
		return status;
	if (ctl->verb->may_need_password)
		agent = password_agent_start();
	status = ctl->verb->run(ctl);
	password_agent_stop(agent);
	return status;
}

int main(int count, char **arguments)
{
	struct ctl ctl = { 0 };
	int status;

	(void)setlocale(LC_ALL, "");
	if (count < 2) {
		fprintf(stderr, "fwslotctl: a verb is needed. Try \"fwslotctl --help\".\n");
		return CTL_EXIT_USAGE;
	}
	if (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "help") == 0)
		return show_help();
	if (strcmp(arguments[1], "--version") == 0) {
		printf("fwslotctl %s\n", FWSLOT_VERSION);
		return CTL_EXIT_OK;
	}
	ctl.verb = find_verb(arguments[1]);
	if (!ctl.verb) {
		fprintf(stderr, "fwslotctl: there is no verb \"%s\". Try \"fwslotctl --help\".\n",
			arguments[1]);
		return CTL_EXIT_USAGE;
	}
	status = read_arguments(&ctl, count - 1, arguments + 1);
	status = status > 0 ? status - 1 : run(&ctl);
	sd_bus_flush_close_unref(ctl.bus);
	return status;
}
