/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Servers differ: buttons may not be shown, a click may close or not, "default" may come without having
 * been offered. So nothing depends on any of it: only our own keys count, and what was answered is
 * closed by us. One server is asked at a time and answers at once, so the calls wait.
 */
#include "agent/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SERVICE "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define CALL_USEC (5 * UINT64_C(1000000))
#define DESKTOP_ENTRY "fwslot-agent"
#define ICON "drive-harddisk"

struct server {
	sd_bus *bus;
	const struct server_events *events;
	void *userdata;
	bool has_markup;
};

static int on_action(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	struct server *server = userdata;
	enum card_answer answer;
	const char *key;
	uint32_t id;

	if (sd_bus_message_read(signal, "us", &id, &key) < 0)
		return 0;
	answer = card_answer_from_key(key);
	if (answer != _ANSWER_INVALID)
		server->events->answered(id, answer, server->userdata);
	return 0;
}

static int on_closed(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	struct server *server = userdata;
	uint32_t id, reason;

	if (sd_bus_message_read(signal, "uu", &id, &reason) >= 0)
		server->events->closed(id, server->userdata);
	return 0;
}

static int on_owner(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	struct server *server = userdata;
	const char *owner;

	if (sd_bus_message_read(signal, "sss", NULL, NULL, &owner) >= 0)
		server->events->restarted(owner[0], server->userdata);
	return 0;
}

int server_new(sd_bus *bus, const struct server_events *events, void *userdata, struct server **ret)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->bus = sd_bus_ref(bus);
	server->events = events;
	server->userdata = userdata;
	r = sd_bus_match_signal(bus, NULL, SERVICE, PATH, SERVICE, "ActionInvoked", on_action,
				server);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, SERVICE, PATH, SERVICE, "NotificationClosed",
					on_closed, server);
	if (r >= 0)
		r = sd_bus_add_match(bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" SERVICE "'",
				     on_owner, server);
	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	sd_bus_unref(server->bus);
	free(server);
}

static int call(struct server *server, sd_bus_message *message, sd_bus_message **ret)
{
	int r = sd_bus_call(server->bus, message, CALL_USEC, NULL, ret);

	sd_bus_message_unref(message);
	return r;
}

bool server_has_buttons(struct server *server)
{
	sd_bus_message *message, *reply = NULL;
	bool has_actions = false;
	const char *word;
	int r = sd_bus_message_new_method_call(server->bus, &message, SERVICE, PATH, SERVICE,
					       "GetCapabilities");

	if (r < 0 || call(server, message, &reply) < 0)
		return false;
	server->has_markup = false;
	r = sd_bus_message_enter_container(reply, 'a', "s");
	while (r >= 0 && sd_bus_message_read_basic(reply, 's', &word) > 0) {
		has_actions |= strcmp(word, "actions") == 0;
		server->has_markup |= strcmp(word, "body-markup") == 0;
	}
	sd_bus_message_unref(reply);
	return has_actions;
}

/* What a device is called may hold anything; a server with markup reads "<b>". */
static char *escape(const char *text)
{
	char *escaped = NULL;
	size_t size;
	FILE *stream = open_memstream(&escaped, &size);

	if (!stream)
		return NULL;
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", stream);
		else if (*text == '<')
			fputs("&lt;", stream);
		else if (*text == '>')
			fputs("&gt;", stream);
		else
			fputc(*text, stream);
	}
	if (fclose(stream) == 0)
		return escaped;
	free(escaped);
	return NULL;
}

static int append_answers(sd_bus_message *message, const struct card *card)
{
	int r = sd_bus_message_open_container(message, 'a', "s");

	for (size_t i = 0; r >= 0 && card->answers[i] != _ANSWER_INVALID; i++)
		r = sd_bus_message_append(message, "ss", card_answer_key(card->answers[i]),
					  card_answer_label(card->answers[i]));
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int server_show(struct server *server, const struct card *card, uint32_t *id)
{
	bool has_buttons = server_has_buttons(server);
	_cleanup_free_ char *body = server->has_markup ? escape(card->body) : strdup(card->body);
	const struct card plain = { .answers = { _ANSWER_INVALID } };
	sd_bus_message *message, *reply = NULL;
	int r;

	if (!body)
		return -ENOMEM;
	r = sd_bus_message_new_method_call(server->bus, &message, SERVICE, PATH, SERVICE, "Notify");
	if (r < 0)
		return r;
	r = sd_bus_message_append(message, "susss", "Device Updates", *id, ICON, card->title, body);
	if (r >= 0)
		r = append_answers(message, has_buttons ? card : &plain);
	if (r >= 0)
		r = sd_bus_message_append(message, "a{sv}i", 3, "urgency", "y", card->urgency,
					  "category", "s",
					  card->kind == CARD_FAILED ? "device.error" : "device",
					  "desktop-entry", "s", DESKTOP_ENTRY,
					  card->answers[0] == _ANSWER_INVALID ? -1 : 0);
	if (r < 0) {
		sd_bus_message_unref(message);
		return r;
	}
	r = call(server, message, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "u", id);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 0;
}

void server_close(struct server *server, uint32_t id)
{
	/* Whether it was still there is nobody's business. */
	if (id > 0)
		(void)sd_bus_call_method(server->bus, SERVICE, PATH, SERVICE, "CloseNotification",
					 NULL, NULL, "u", id);
}
