/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The path of the session is asked for once: changes are not told of on the convenience path
 * "session/auto". Whether it is locked is what the desktop says, so only a hint; rights are polkit's.
 */
#include "agent/session.h"

#include <errno.h>
#include <string.h>

#define LOGIN "org.freedesktop.login1"
#define LOGIN_PATH "/org/freedesktop/login1"
#define MANAGER_INTERFACE "org.freedesktop.login1.Manager"
#define SESSION_INTERFACE "org.freedesktop.login1.Session"

struct session {
	sd_bus *bus;
	char *path; /* NULL: no logind */
	bool is_attended;
	void (*changed)(void *userdata);
	void *userdata;
};

static bool read_flag(struct session *session, const char *name, bool otherwise)
{
	int flag;

	if (sd_bus_get_property_trivial(session->bus, LOGIN, session->path, SESSION_INTERFACE, name,
					NULL, 'b', &flag) < 0)
		return otherwise;
	return flag;
}

static bool is_a_persons(struct session *session)
{
	char *class = NULL;
	bool is_user;

	if (sd_bus_get_property_string(session->bus, LOGIN, session->path, SESSION_INTERFACE,
				       "Class", NULL, &class) < 0)
		return false;
	is_user = strcmp(class, "user") == 0;
	free(class);
	return is_user;
}

static bool look(struct session *session)
{
	if (!session->path)
		return true;
	return is_a_persons(session) && read_flag(session, "Active", false) &&
	       !read_flag(session, "Remote", true) && !read_flag(session, "LockedHint", false);
}

static int on_changed(_unused_ sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	struct session *session = userdata;
	bool is_attended = look(session);

	if (is_attended != session->is_attended) {
		session->is_attended = is_attended;
		session->changed(session->userdata);
	}
	return 0;
}

/* 0 and the path, or NULL where there is no logind. */
static int find(struct session *session)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *path;
	int r = sd_bus_call_method(session->bus, LOGIN, LOGIN_PATH, MANAGER_INTERFACE, "GetSession",
				   &error, &reply, "s", "auto");

	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r >= 0) {
		session->path = strdup(path);
		r = session->path ? 0 : -ENOMEM;
	} else if (sd_bus_error_has_names(&error, SD_BUS_ERROR_SERVICE_UNKNOWN,
					  SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		r = 0;
	}
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}

int session_new(sd_bus *bus, void (*changed)(void *userdata), void *userdata, struct session **ret)
{
	struct session *session = calloc(1, sizeof(*session));
	int r;

	if (!session)
		return -ENOMEM;
	session->bus = sd_bus_ref(bus);
	session->changed = changed;
	session->userdata = userdata;
	r = find(session);
	if (r >= 0 && session->path)
		r = sd_bus_match_signal(bus, NULL, LOGIN, session->path,
					"org.freedesktop.DBus.Properties", "PropertiesChanged",
					on_changed, session);
	if (r < 0) {
		session_free(session);
		return r;
	}
	session->is_attended = look(session);
	*ret = session;
	return 0;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	sd_bus_unref(session->bus);
	free(session->path);
	free(session);
}

bool session_is_attended(const struct session *session)
{
	return session->is_attended;
}
