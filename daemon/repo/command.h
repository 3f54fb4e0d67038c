/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of fwslot-repo. Each parses its own options and does its work. */
#pragma once

#include "base/reason.h"

/* Exit statuses, as in the help text. */
enum repo_exit {
	REPO_EXIT_OK = 0,
	REPO_EXIT_FAILED = 1,
	REPO_EXIT_USAGE = 2,
};

/*
 * Runs with the command's own arguments (arguments[0] is its name). Returns 0, a
 * negative errno with @failure, or COMMAND_USAGE after a message on bad usage.
 */
typedef int (*command_run_t)(int count, char **arguments, struct failure *failure);

#define COMMAND_USAGE 1

struct command {
	const char *name;
	const char *synopsis; /* its arguments */
	const char *summary; /* one line */
	const char *help; /* its options, a line each */
	command_run_t run;
};

extern const struct command command_init;
extern const struct command command_key;
extern const struct command command_add;
extern const struct command command_delta;
extern const struct command command_publish;
extern const struct command command_rotate;
extern const struct command command_sign;
extern const struct command command_bundle;
extern const struct command command_check;

/* For a command that found an argument it does not understand: prints and returns COMMAND_USAGE. */
_printf_(2, 3) int command_misused(const struct command *command, const char *format, ...);
