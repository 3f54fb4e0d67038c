/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslotctl doctor: looks at everything an update needs on this machine, and names the command that
 * mends what is missing.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/password-agent.h"
#include "ctl/terminal.h"
#include "ctl/values.h"
#include "kernel/monitor.h"

enum finding {
	FINDING_OK,
	FINDING_MISSING,
	FINDING_UNKNOWN, /* something that this needs is missing */
};

/* What a check found, and if something is missing, what mends it (*@ret, to be freed). */
typedef enum finding (*check_t)(struct ctl *ctl, char **ret);

static enum finding missing(char **ret, const char *sentence)
{
	*ret = strdup(sentence);
	return FINDING_MISSING;
}

static enum finding check_bus(struct ctl *ctl, char **ret)
{
	if (sd_bus_open_system(&ctl->bus) >= 0)
		return FINDING_OK;
	return missing(ret, "Start it with 'systemctl start dbus'.");
}

/* Somebody owns the name, or will when it is called. */
static bool is_available(sd_bus *bus, const char *name)
{
	char **owned = NULL, **activatable = NULL;
	bool is_found = false;

	if (sd_bus_list_names(bus, &owned, &activatable) < 0)
		return false;
	for (char **n = owned; n && *n; free(*n++))
		is_found |= strcmp(*n, name) == 0;
	for (char **n = activatable; n && *n; free(*n++))
		is_found |= strcmp(*n, name) == 0;
	free(owned);
	free(activatable);
	return is_found;
}

static enum finding check_installed(struct ctl *ctl, char **ret)
{
	if (!ctl->bus)
		return FINDING_UNKNOWN;
	if (is_available(ctl->bus, CLIENT_SERVICE))
		return FINDING_OK;
	return missing(
		ret, "Install it: the package \"fwslot\", or 'sudo make install' in its sources.");
}

static enum finding check_answer(struct ctl *ctl, char **ret)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	if (!ctl->bus || !is_available(ctl->bus, CLIENT_SERVICE))
		return FINDING_UNKNOWN;
	r = sd_bus_call_method(ctl->bus, CLIENT_SERVICE, CLIENT_PATH, "org.freedesktop.DBus.Peer",
			       "Ping", &error, NULL, NULL);
	if (r < 0 &&
	    asprintf(ret, "'systemctl status fwslotd' and 'journalctl -u fwslotd' tell more: %s",
		     error.message ?: strerror(-r)) < 0)
		*ret = NULL;
	sd_bus_error_free(&error);
	return r < 0 ? FINDING_MISSING : FINDING_OK;
}

static enum finding check_module(_unused_ struct ctl *ctl, char **ret)
{
	if (kernel_modules_explain(ret) < 0)
		return FINDING_UNKNOWN;
	return *ret ? FINDING_MISSING : FINDING_OK;
}

static enum finding check_devices(struct ctl *ctl, char **ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;

	if (!ctl->bus ||
	    sd_bus_call_method(ctl->bus, CLIENT_SERVICE, CLIENT_PATH, CLIENT_MANAGER, "ListDevices",
			       NULL, &reply, "t", UINT64_C(0)) < 0 ||
	    sd_bus_message_enter_container(reply, 'a', "(sssssto)") < 0)
		return FINDING_UNKNOWN;
	if (sd_bus_message_at_end(reply, false) == 0)
		return FINDING_OK;
	return missing(
		ret, "None is there that a provider knows. 'modprobe fwslot_sim' makes one to try "
		     "things with; fwslot(4) tells of the others.");
}

static enum finding check_polkit(struct ctl *ctl, char **ret)
{
	if (!ctl->bus)
		return FINDING_UNKNOWN;
	if (is_available(ctl->bus, "org.freedesktop.PolicyKit1"))
		return FINDING_OK;
	return missing(
		ret, "Without it only root can change anything. Install the package \"polkitd\".");
}

static enum finding check_agent(_unused_ struct ctl *ctl, char **ret)
{
	if (geteuid() == 0 || access(PASSWORD_AGENT, X_OK) == 0)
		return FINDING_OK;
	return missing(
		ret,
		"No password can be asked for on a terminal. Install the package \"polkitd\".");
}

static const struct {
	const char *key, *title;
	check_t check;
} checks[] = {
	{ "system-bus", "The system bus answers", check_bus },
	{ "installed", "The daemon fwslotd is installed", check_installed },
	{ "answers", "The daemon answers", check_answer },
	{ "module", "The kernel module is loaded", check_module },
	{ "devices", "A device is attached", check_devices },
	{ "polkit", "Rights can be asked for", check_polkit },
	{ "password", "Passwords can be asked for here", check_agent },
};

static const struct {
	const char *word, *colour;
} findings[] = {
	[FINDING_OK] = { "ok", "\033[32m" },
	[FINDING_MISSING] = { "missing", "\033[31m" },
	[FINDING_UNKNOWN] = { "unknown", "\033[33m" },
};

static void print_check(const char *title, enum finding finding, const char *advice)
{
	bool has_colour = terminal_has_colour();

	printf("%s%-7s%s  %s\n", has_colour ? findings[finding].colour : "", findings[finding].word,
	       has_colour ? "\033[0m" : "", title);
	if (advice)
		printf("         %s\n", advice);
}

static int doctor(struct ctl *ctl)
{
	_cleanup_value_ json_t *results = json_array();
	int status = CTL_EXIT_OK;

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		_cleanup_free_ char *advice = NULL;
		enum finding finding = checks[i].check(ctl, &advice);

		if (finding == FINDING_MISSING)
			status = CTL_EXIT_FAILED;
		if (!(ctl->options & CTL_JSON))
			print_check(checks[i].title, finding, advice);
		else
			(void)json_array_append_new(results, json_pack("{s:s,s:s,s:s}", "check",
								       checks[i].key, "finding",
								       findings[finding].word,
								       "advice", advice ?: ""));
	}
	if (ctl->options & CTL_JSON)
		values_print(results);
	return status;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.synopsis = "",
	.summary = "look for what is missing, and say what mends it",
	.help = "Exit status 1: something is missing.\n",
	.options = CTL_JSON,
	.run = doctor,
};
