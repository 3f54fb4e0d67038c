/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-agent: wires the two buses and the agent together; one for each session. */
#include <errno.h>
#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/log.h"

#define NAME "org.fwslot1.Agent"

static void show_help(void)
{
	printf("Usage: fwslot-agent\n\n"
	       "Tells the person at the desk of firmware updates of attached devices, by\n"
	       "notifications, and carries the answers to fwslotd. Started with the desktop; a\n"
	       "second one in a session ends at once.\n\n"
	       "Exit status: 0 ended, or one runs already; 1 failed, with a message; 2 wrong usage.\n");
}

/* "de" of "de_DE.UTF-8"; "en" where nothing is set. */
static void find_language(char language[static 8])
{
	const char *locale = setlocale(LC_MESSAGES, NULL);
	size_t length = locale ? strcspn(locale, "_.@") : 0;

	if (length == 0 || length >= 8 || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		snprintf(language, 8, "en");
	else
		snprintf(language, 8, "%.*s", (int)length, locale);
}

static int run(const char *language)
{
	sd_bus *system_bus = NULL, *session_bus = NULL;
	struct agent *agent = NULL;
	sd_event *event = NULL;
	int r = sd_event_default(&event);

	if (r >= 0)
		r = sd_event_set_signal_exit(event, true);
	if (r >= 0)
		r = sd_bus_open_user(&session_bus);
	if (r >= 0)
		r = sd_bus_open_system(&system_bus);
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(session_bus, true);
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(system_bus, true);
	if (r >= 0)
		r = sd_bus_request_name(session_bus, NAME, 0);
	if (r >= 0)
		r = sd_bus_attach_event(session_bus, event, 0);
	if (r >= 0)
		r = sd_bus_attach_event(system_bus, event, 0);
	if (r >= 0)
		r = agent_new(event, system_bus, session_bus, language, &agent);
	if (r >= 0)
		r = sd_event_loop(event);
	agent_free(agent);
	sd_bus_flush_close_unref(session_bus);
	sd_bus_flush_close_unref(system_bus);
	sd_event_unref(event);
	return r;
}

int main(int count, char **arguments)
{
	char language[8];
	int r;

	(void)setlocale(LC_ALL, "");
	(void)bindtextdomain("fwslot", FWSLOT_PREFIX "/share/locale");
	(void)textdomain("fwslot");
	if (count == 2 && strcmp(arguments[1], "--help") == 0) {
		show_help();
		return 0;
	}
	if (count == 2 && strcmp(arguments[1], "--version") == 0) {
		printf("fwslot-agent %s\n", FWSLOT_VERSION);
		return 0;
	}
	if (count > 1) {
		fprintf(stderr,
			"fwslot-agent: it takes no arguments. Try \"fwslot-agent --help\".\n");
		return 2;
	}
	find_language(language);
	r = run(language);
	if (r == -EEXIST)
		return 0; /* one runs already */
	if (r < 0)
		log_error("The buses cannot be reached: %s.", strerror(-r));
	return r < 0;
}
