/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of fwslotctl share: the call it was given, how it ends, and its verbs. It knows the
 * bus and nothing else of the daemon.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include "base/macros.h"

/* Exit statuses, as in the help text. */
enum ctl_exit {
	CTL_EXIT_OK = 0,
	CTL_EXIT_FAILED = 1,
	CTL_EXIT_USAGE = 2,
	CTL_EXIT_UNREACHABLE = 3, /* no bus, no daemon */
	CTL_EXIT_DENIED = 4, /* polkit says no */
	CTL_EXIT_REVERTED = 5, /* the update was taken back */
};

enum ctl_option {
	CTL_JSON = 1 << 0,
	CTL_LIMIT = 1 << 1,
	CTL_NO_WAIT = 1 << 2,
	CTL_REINSTALL = 1 << 3,
	CTL_DOWNGRADE = 1 << 4,
	CTL_NO_WAY_BACK = 1 << 5,
	CTL_STALE = 1 << 6,
	CTL_PAST_DEADLINE = 1 << 7,
	CTL_RUNTIME = 1 << 8,
};

struct verb;

/**
 * struct ctl - a call of the program
 * @verb: what is to be done
 * @count: how many arguments follow the verb
 * @arguments: they
 * @options: of enum ctl_option
 * @limit: --limit=; 0: not given
 * @bus: the system bus; not for verbs that are done without one
 */
struct ctl {
	const struct verb *verb;
	int count;
	char **arguments;
	unsigned options;
	uint32_t limit;
	sd_bus *bus;
};

/**
 * struct verb - something that can be done
 * @name: its word
 * @synopsis: its arguments
 * @summary: one line
 * @help: what else there is to know, or ""
 * @count_min: fewest arguments
 * @count_max: most arguments
 * @options: those it understands
 * @may_need_password: it changes something
 * @run: does it; returns an exit status, after a message if it is not 0
 */
struct verb {
	const char *name;
	const char *synopsis;
	const char *summary;
	const char *help;
	int count_min;
	int count_max;
	unsigned options;
	bool may_need_password;
	int (*run)(struct ctl *ctl);
};

extern const struct verb verb_list, verb_show; /* show.c */
extern const struct verb verb_jobs, verb_history, verb_cancel; /* history.c */
extern const struct verb verb_install, verb_revert, verb_confirm; /* update.c */
extern const struct verb verb_backups, verb_restore, verb_export_backup; /* backup.c */
extern const struct verb verb_updates, verb_remotes, verb_refresh; /* remotes.c */
extern const struct verb verb_approve, verb_postpone, verb_dismiss, verb_policy, verb_pin,
	verb_unpin, verb_skip, verb_unskip, verb_explain; /* schedule.c */
extern const struct verb verb_pin, verb_unpin, verb_skip, verb_unskip; /* versions.c */
extern const struct verb verb_watch; /* watch.c */
extern const struct verb verb_doctor; /* doctor.c */

/* Says "fwslotctl VERB: ..." and returns CTL_EXIT_FAILED; with --json also as an object. */
_printf_(2, 3) int ctl_fail(const struct ctl *ctl, const char *format, ...);
/* The same for wrong arguments, with the usage; returns CTL_EXIT_USAGE. */
_printf_(2, 3) int ctl_misused(const struct ctl *ctl, const char *format, ...);
