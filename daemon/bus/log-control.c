// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * org.freedesktop.LogControl1, so that "systemctl service-log-level fwslotd debug" works. The only
 * writable properties on this bus: sd-bus lets nobody but root (and ourselves) write them.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "bus/error.h"
#include "bus/objects.h"

#define LOG_CONTROL_PATH "/org/freedesktop/LogControl1"
#define LOG_CONTROL_INTERFACE "org.freedesktop.LogControl1"

static const char *const level_words[] = {
	[LOG_EMERG] = "emerg", [LOG_ALERT] = "alert",	  [LOG_CRIT] = "crit",
	[LOG_ERR] = "err",     [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
	[LOG_INFO] = "info",   [LOG_DEBUG] = "debug",
};

static const struct target {
	const char *word;
	log_sink_t sink;
} targets[] = {
	{ "journal", log_to_journal },
	{ "console", log_to_stderr },
};

static int property_get_level(_unused_ sd_bus *connection, _unused_ const char *path,
			      _unused_ const char *interface, _unused_ const char *property,
			      sd_bus_message *reply, _unused_ void *userdata,
			      _unused_ sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", level_words[log_get_level()]);
}

static int property_set_level(_unused_ sd_bus *connection, _unused_ const char *path,
			      _unused_ const char *interface, _unused_ const char *property,
			      sd_bus_message *value, _unused_ void *userdata, sd_bus_error *error)
{
	const char *word;
	int r = sd_bus_message_read(value, "s", &word);

	if (r < 0)
		return r;
	for (size_t level = 0; level < ARRAY_SIZE(level_words); level++)
		if (strcmp(level_words[level], word) == 0) {
			log_set_level((int)level);
			return 0;
		}
	return bus_error(
		error, REASON_INVALID_ARGUMENT,
		"\"%s\" is no log level; they are emerg alert crit err warning notice info debug.",
		word);
}

static int property_get_target(_unused_ sd_bus *connection, _unused_ const char *path,
			       _unused_ const char *interface, _unused_ const char *property,
			       sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus *bus = userdata;

	return sd_bus_message_append(reply, "s", bus->log_target);
}

static int property_set_target(_unused_ sd_bus *connection, _unused_ const char *path,
			       _unused_ const char *interface, _unused_ const char *property,
			       sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *word;
	int r = sd_bus_message_read(value, "s", &word);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (strcmp(targets[i].word, word) == 0) {
			bus->log_target = targets[i].word;
			log_set_sink(targets[i].sink);
			return 0;
		}
	return bus_error(error, REASON_INVALID_ARGUMENT,
			 "\"%s\" is no log target; they are journal console.", word);
}

static int property_get_identifier(_unused_ sd_bus *connection, _unused_ const char *path,
				   _unused_ const char *interface, _unused_ const char *property,
				   sd_bus_message *reply, _unused_ void *userdata,
				   _unused_ sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", program_invocation_short_name);
}

static const sd_bus_vtable log_control_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", property_get_level, property_set_level, 0, 0),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", property_get_target, property_set_target, 0, 0),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", property_get_identifier, 0,
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

int log_control_export(struct bus *bus)
{
	return sd_bus_add_object_vtable(bus->bus, NULL, LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE,
					log_control_vtable, bus);
}
