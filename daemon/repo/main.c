/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-repo: makes and signs update repositories, for vendors who have no TUF tool.
 * Here: which command, and the help. The commands are in command-NAME.c.
 */
#include <stdio.h>
#include <string.h>

#include "repo/command.h"
#include "repo/key-file.h"

static const struct command *const commands[] = {
	&command_init,	 &command_key,	 &command_add,	&command_delta,	 &command_publish,
	&command_bundle, &command_check, &command_sign, &command_rotate,
};

static void show_help(void)
{
	printf("Usage: fwslot-repo COMMAND ...\n\n"
	       "Makes a repository of signed firmware: static files for any web server, or one\n"
	       "file to carry by hand.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n\"fwslot-repo COMMAND --help\" tells more of one.\n\n"
	       "The PIN of a token is asked for on the terminal, or taken from $FWSLOT_PIN.\n"
	       "$SOURCE_DATE_EPOCH, where set, is taken for the present time (in seconds).\n"
	       "Exit status: 0 done; 1 failed, with a message; 2 wrong usage.\n");
}

static int show_command_help(const struct command *command)
{
	printf("Usage: fwslot-repo %s %s\n\n%s\n\n%s", command->name, command->synopsis,
	       command->summary, command->help);
	return REPO_EXIT_OK;
}

static int run(const struct command *command, int count, char **arguments)
{
	_cleanup_failure_ struct failure failure = { 0 };
	int r;

	for (int i = 1; i < count && strcmp(arguments[i], "--") != 0; i++)
		if (strcmp(arguments[i], "--help") == 0)
			return show_command_help(command);
	r = command->run(count, arguments, &failure);
	if (r == COMMAND_USAGE)
		return REPO_EXIT_USAGE;
	if (r < 0) {
		fprintf(stderr, "fwslot-repo %s: %s\n", command->name, failure_message(&failure));
		return REPO_EXIT_FAILED;
	}
	return REPO_EXIT_OK;
}

int main(int count, char **arguments)
{
	key_file_allow_tokens();
	if (count < 2) {
		fprintf(stderr, "fwslot-repo: a command is needed. Try \"fwslot-repo --help\".\n");
		return REPO_EXIT_USAGE;
	}
	if (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "help") == 0) {
		show_help();
		return REPO_EXIT_OK;
	}
	if (strcmp(arguments[1], "--version") == 0) {
		printf("fwslot-repo %s\n", FWSLOT_VERSION);
		return REPO_EXIT_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(arguments[1], commands[i]->name) == 0)
			return run(commands[i], count - 1, arguments + 1);
	fprintf(stderr, "fwslot-repo: there is no command \"%s\". Try \"fwslot-repo --help\".\n",
		arguments[1]);
	return REPO_EXIT_USAGE;
}
