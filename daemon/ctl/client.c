/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls, and the table of what their errors mean to a person. */
#include "ctl/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/values.h"

int client_open(struct ctl *ctl)
{
	int r = sd_bus_open_system(&ctl->bus);

	if (r >= 0)
		r = sd_bus_set_allow_interactive_authorization(ctl->bus, true);
	if (r >= 0)
		return 0;
	(void)ctl_fail(ctl,
		       "The system bus cannot be reached: %s. \"fwslotctl doctor\" looks further.",
		       strerror(-r));
	return CTL_EXIT_UNREACHABLE;
}

/* Errors that are not the daemon's own words. */
static const struct {
	const char *prefix;
	enum ctl_exit exit;
	const char *sentence;
} meanings[] = {
	{ "org.freedesktop.DBus.Error.ServiceUnknown", CTL_EXIT_UNREACHABLE,
	  "The daemon fwslotd is not installed or cannot be started. \"fwslotctl doctor\" tells what to do." },
	{ "org.freedesktop.DBus.Error.NameHasNoOwner", CTL_EXIT_UNREACHABLE,
	  "The daemon fwslotd does not run. \"fwslotctl doctor\" tells what to do." },
	{ "org.freedesktop.DBus.Error.Spawn.", CTL_EXIT_UNREACHABLE,
	  "The daemon fwslotd cannot be started; \"systemctl status fwslotd\" says why." },
	{ "org.freedesktop.systemd1.", CTL_EXIT_UNREACHABLE,
	  "The daemon fwslotd cannot be started; \"systemctl status fwslotd\" says why." },
	{ "org.freedesktop.DBus.Error.NoReply", CTL_EXIT_UNREACHABLE,
	  "The daemon ended before it answered; what it had begun goes on when it is back (\"fwslotctl jobs\")." },
	{ "org.freedesktop.DBus.Error.AccessDenied", CTL_EXIT_DENIED,
	  "You may not do that. Log in at the machine itself, or ask an administrator." },
	{ "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", CTL_EXIT_DENIED,
	  "This needs a password, and nobody can be asked for one here. Use a terminal, or sudo." },
};

int client_failed(const struct ctl *ctl, const sd_bus_error *error, int r)
{
	const char *sentence = error->message;
	int status = CTL_EXIT_FAILED;

	for (size_t i = 0; error->name && i < ARRAY_SIZE(meanings); i++) {
		if (strncmp(error->name, meanings[i].prefix, strlen(meanings[i].prefix)) == 0) {
			sentence = meanings[i].sentence;
			status = (int)meanings[i].exit;
			break;
		}
	}
	if (!sentence || !sentence[0])
		sentence = r < 0 ? strerror(-r) : "The call failed, and nobody said why.";
	fprintf(stderr, "fwslotctl %s: %s\n", ctl->verb->name, sentence);
	if (ctl->options & CTL_JSON)
		values_print_error(error->name ?: "", sentence);
	return status;
}

static int send(struct ctl *ctl, sd_bus_message *call, sd_bus_message **ret)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int status = 0;
	int r = sd_bus_call(ctl->bus, call, UINT64_MAX, &error, ret);

	if (r < 0)
		status = client_failed(ctl, &error, r);
	sd_bus_error_free(&error);
	return status;
}

int client_callv(struct ctl *ctl, const char *member, sd_bus_message **ret, const char *types,
		 va_list arguments)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(ctl->bus, &call, CLIENT_SERVICE, CLIENT_PATH,
					       CLIENT_MANAGER, member);

	if (r >= 0)
		r = sd_bus_message_appendv(call, types, arguments);
	if (r < 0)
		return ctl_fail(ctl, "The call cannot be made: %s.", strerror(-r));
	return send(ctl, call, ret);
}

int client_call(struct ctl *ctl, const char *member, sd_bus_message **ret, const char *types, ...)
{
	va_list arguments;
	int status;

	va_start(arguments, types);
	status = client_callv(ctl, member, ret, types, arguments);
	va_end(arguments);
	return status;
}

int client_get_all(struct ctl *ctl, const char *path, const char *interface, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(ctl->bus, &call, CLIENT_SERVICE, path,
					       "org.freedesktop.DBus.Properties", "GetAll");

	if (r >= 0)
		r = sd_bus_message_append(call, "s", interface);
	if (r < 0)
		return ctl_fail(ctl, "The call cannot be made: %s.", strerror(-r));
	return send(ctl, call, ret);
}

int client_find_device(struct ctl *ctl, const char *id, char **ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *name, *path;
	int r = client_call(ctl, "ListDevices", &reply, "t", UINT64_C(0));

	if (r != 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "(sssssto)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(sssssto)", &name, NULL, NULL, NULL, NULL,
						  NULL, &path)) > 0) {
		if (strcmp(name, id) != 0)
			continue;
		*ret = strdup(path);
		return *ret ? 0 : ctl_fail(ctl, "No memory is left.");
	}
	if (r < 0)
		return ctl_fail(ctl, "The daemon's answer cannot be read: %s.", strerror(-r));
	return ctl_fail(ctl,
			"There is no device \"%s\"; \"fwslotctl list\" names those that are there.",
			id);
}
