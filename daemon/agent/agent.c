/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any news of the daemon makes its picture worth looking at again, once things are quiet: what is
 * shown follows from the picture alone, so nothing depends on having heard every signal.
 */
#include "agent/agent.h"

#include <errno.h>
#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/card.h"
#include "agent/server.h"
#include "agent/session.h"
#include "agent/told.h"
#include "base/log.h"
#include "base/time.h"

#define SERVICE "org.fwslot1"
#define ROOT "/org/fwslot1"
#define MANAGER "org.fwslot1.Manager"

#define QUIET_USEC (200 * USEC_PER_MSEC)
#define SUMMARY_ABOVE 2 /* more updates than that are one notification */

/* What is known of a device from one look to the next. */
struct memory {
	char *id, *state, *shown_key;
	uint32_t notification; /* 0: none is shown */
	enum card_kind kind; /* of what is shown */
	char *offered; /* the version in it */
	uint64_t deadline_usec; /* of that; 0: none */
	uint64_t silent_until_usec; /* "later" was the answer */
	unsigned reminders;
};

struct agent {
	sd_event *event;
	sd_bus *system_bus;
	struct server *server;
	struct session *session;
	struct told *told;
	const char *language;
	sd_event_source *look, *remind;
	struct memory memories[PICTURE_DEVICES_MAX];
	size_t count;
	struct memory summary;
};

/* The reminder ladder; after its end nobody is asked again while this session lasts. */
static const uint64_t ladder_usec[] = { 1 * USEC_PER_DAY, 3 * USEC_PER_DAY, 7 * USEC_PER_DAY };

static void schedule(struct agent *agent)
{
	(void)sd_event_source_set_time_relative(agent->look, QUIET_USEC);
	(void)sd_event_source_set_enabled(agent->look, SD_EVENT_ONESHOT);
}

static struct memory *memory_of(struct agent *agent, const char *id)
{
	struct memory *memory;

	for (size_t i = 0; i < agent->count; i++)
		if (strcmp(agent->memories[i].id, id) == 0)
			return &agent->memories[i];
	if (agent->count == PICTURE_DEVICES_MAX)
		return NULL;
	memory = &agent->memories[agent->count];
	*memory = (struct memory){ .id = strdup(id), .state = strdup("") };
	if (!memory->id || !memory->state) {
		free(memory->id);
		free(memory->state);
		return NULL;
	}
	agent->count++;
	return memory;
}

static void withdraw(struct agent *agent, struct memory *memory)
{
	server_close(agent->server, memory->notification);
	memory->notification = 0;
	memory->kind = CARD_NONE;
	free(TAKE_PTR(memory->shown_key));
}

static void forget(struct agent *agent, struct memory *memory)
{
	withdraw(agent, memory);
	free(memory->id);
	free(memory->state);
	free(memory->offered);
}

/* Replaces what is shown of the device, unless it is the same. */
static void show(struct agent *agent, struct memory *memory, const struct card *card)
{
	if (memory->shown_key && strcmp(memory->shown_key, card->key) == 0)
		return;
	if (server_show(agent->server, card, &memory->notification) < 0) {
		memory->notification = 0;
		return; /* nobody shows it; when a server comes it is tried again */
	}
	memory->kind = card->kind;
	free(memory->shown_key);
	memory->shown_key = strdup(card->key);
}

/* What ended badly is told once, also over sessions. */
static bool is_once(enum card_kind kind)
{
	return kind == CARD_REVERTED || kind == CARD_FAILED;
}

/* Such a notification is read and closed by a person; the others go when they are not true any more. */
static bool stays(enum card_kind kind)
{
	return is_once(kind) || kind == CARD_UPDATED;
}

static bool is_busy(const char *state)
{
	return strcmp(state, "downloading") == 0 || strcmp(state, "installing") == 0;
}

static void tell(struct agent *agent, const struct seen_device *device, struct memory *memory,
		 enum card_kind kind)
{
	_cleanup_(card_clear) struct card card = { .answers = { _ANSWER_INVALID } };

	if (kind == CARD_AVAILABLE && memory->silent_until_usec > time_now_realtime()) {
		withdraw(agent, memory);
		return;
	}
	if (card_write(&card, kind, device, server_has_buttons(agent->server)) < 0)
		return;
	/* At the first look it may have happened in another session. */
	if (is_once(kind) && !memory->state[0] && told_contains(agent->told, device->id, card.key))
		return;
	show(agent, memory, &card);
	if (memory->notification && is_once(kind))
		told_note(agent->told, device->id, card.key);
	free(memory->offered);
	memory->offered = strdup(device->offered);
	memory->deadline_usec = device->deadline_usec;
}

static size_t count_available(struct agent *agent, const struct picture *picture)
{
	size_t count = 0;

	for (size_t i = 0; i < picture->count; i++) {
		const struct memory *memory = memory_of(agent, picture->devices[i].id);

		if (memory && memory->silent_until_usec <= time_now_realtime() &&
		    card_judge(&picture->devices[i], "") == CARD_AVAILABLE)
			count++;
	}
	return count;
}

static void tell_summary(struct agent *agent, const struct picture *picture, size_t count)
{
	_cleanup_(card_clear) struct card card = { .answers = { _ANSWER_INVALID } };

	if (count <= SUMMARY_ABOVE)
		withdraw(agent, &agent->summary);
	else if (card_write_summary(&card, picture, count, server_has_buttons(agent->server)) >= 0)
		show(agent, &agent->summary, &card);
}

static void follow(struct agent *agent, const struct picture *picture)
{
	size_t available = count_available(agent, picture);

	for (size_t i = 0; i < picture->count; i++) {
		const struct seen_device *device = &picture->devices[i];
		struct memory *memory = memory_of(agent, device->id);
		enum card_kind kind;
		char *state;

		if (!memory)
			continue;
		kind = card_judge(device, memory->state);
		if (kind == CARD_AVAILABLE && available > SUMMARY_ABOVE)
			kind = CARD_NONE; /* in the summary */
		if (kind != CARD_NONE)
			tell(agent, device, memory, kind);
		else if (!stays(memory->kind) || is_busy(device->state))
			withdraw(agent, memory);
		state = strdup(device->state);
		if (state) {
			free(memory->state);
			memory->state = state;
		}
	}
	tell_summary(agent, picture, available);
}

static void forget_absent(struct agent *agent, const struct picture *picture)
{
	for (size_t i = agent->count; i-- > 0;) {
		size_t k = 0;

		while (k < picture->count &&
		       strcmp(picture->devices[k].id, agent->memories[i].id) != 0)
			k++;
		if (k < picture->count)
			continue;
		forget(agent, &agent->memories[i]);
		agent->memories[i] = agent->memories[--agent->count];
	}
}

static void withdraw_all(struct agent *agent)
{
	for (size_t i = 0; i < agent->count; i++)
		withdraw(agent, &agent->memories[i]);
	withdraw(agent, &agent->summary);
}

static int on_objects(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct agent *agent = userdata;
	struct picture picture = { 0 };
	int r;

	if (sd_bus_message_is_method_error(reply, NULL))
		return 0; /* the daemon is not there; its coming is told */
	r = picture_read(&picture, reply, agent->language);
	if (r < 0) {
		log_warning("What the daemon shows cannot be read: %s.", strerror(-r));
	} else {
		forget_absent(agent, &picture);
		if (session_is_attended(agent->session))
			follow(agent, &picture);
	}
	picture_clear(&picture);
	return 0;
}

static int on_look(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
	struct agent *agent = userdata;
	sd_bus_message *call = NULL;

	if (!session_is_attended(agent->session)) {
		withdraw_all(agent);
		return 0;
	}
	/* Looking must not start a daemon: it starts with the first device. */
	if (sd_bus_message_new_method_call(agent->system_bus, &call, SERVICE, ROOT,
					   "org.freedesktop.DBus.ObjectManager",
					   "GetManagedObjects") < 0)
		return 0;
	(void)sd_bus_message_set_auto_start(call, false);
	(void)sd_bus_call_async(agent->system_bus, NULL, call, on_objects, agent, 0);
	sd_bus_message_unref(call);
	return 0;
}

static int on_news(_unused_ sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	schedule(userdata);
	return 0;
}

static void on_session_changed(void *userdata)
{
	schedule(userdata);
}

/* --- answers --- */

static void explain_refusal(struct agent *agent, const sd_bus_error *error)
{
	struct card card = {
		.kind = CARD_FAILED,
		.urgency = 1,
		.title = gettext("Nothing Was Changed"),
		.body = (char *)(error->message ?: error->name),
		.answers = { _ANSWER_INVALID },
	};
	uint32_t id = 0;

	(void)!server_show(agent->server, &card, &id);
}

static int on_done(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *ignored)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct agent *agent = userdata;

	if (error)
		explain_refusal(agent, error);
	schedule(agent);
	return 0;
}

/* @types begins with the device's "s" and ends with the flags' "t". */
static void ask_daemon(struct agent *agent, const char *method, const char *types, ...)
{
	va_list arguments;
	sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(agent->system_bus, &call, SERVICE, ROOT, MANAGER,
					       method);

	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(call, true);
	va_start(arguments, types);
	if (r >= 0)
		r = sd_bus_message_appendv(call, types, arguments);
	va_end(arguments);
	if (r >= 0)
		r = sd_bus_call_async(agent->system_bus, NULL, call, on_done, agent, UINT64_MAX);
	if (r < 0)
		log_warning("The daemon cannot be asked for %s: %s.", method, strerror(-r));
	sd_bus_message_unref(call);
}

/* The daemon has the last word, for all sessions; what is kept here is when to ask again. */
static void postpone(struct agent *agent, struct memory *memory)
{
	size_t step = memory->reminders++;
	uint64_t span = step < ARRAY_SIZE(ladder_usec) ? ladder_usec[step] : USEC_INFINITY;

	if (span == USEC_INFINITY) {
		memory->silent_until_usec = USEC_INFINITY;
		return;
	}
	memory->silent_until_usec = time_now_realtime() + span;
	if (memory->deadline_usec && memory->silent_until_usec > memory->deadline_usec)
		memory->silent_until_usec = memory->deadline_usec;
	ask_daemon(agent, "Postpone", "stt", memory->id, memory->silent_until_usec, UINT64_C(0));
	(void)sd_event_source_set_time_relative(agent->remind, span);
	(void)sd_event_source_set_enabled(agent->remind, SD_EVENT_ONESHOT);
}

static void answer_one(struct agent *agent, struct memory *memory, enum card_answer answer)
{
	switch (answer) {
	case ANSWER_NOW:
		ask_daemon(agent, "Install", "sst", memory->id, memory->offered ?: "", UINT64_C(0));
		break;
	case ANSWER_TONIGHT:
		ask_daemon(agent, "Approve", "sst", memory->id, memory->offered ?: "", UINT64_C(0));
		break;
	case ANSWER_KEEP:
		ask_daemon(agent, "Confirm", "st", memory->id, UINT64_C(0));
		break;
	case ANSWER_BACK:
		ask_daemon(agent, "Revert", "st", memory->id, UINT64_C(0));
		break;
	case ANSWER_LATER:
		postpone(agent, memory);
		break;
	case _ANSWER_COUNT:
	case _ANSWER_INVALID:
		break;
	}
}

static void answer_all(struct agent *agent, enum card_answer answer)
{
	for (size_t i = 0; i < agent->count; i++)
		if (strcmp(agent->memories[i].state, "update-available") == 0)
			answer_one(agent, &agent->memories[i], answer);
}

/* A server may tell of one click twice: after the first the notification is nobody's. */
static void on_answered(uint32_t id, enum card_answer answer, void *userdata)
{
	struct agent *agent = userdata;

	if (id == agent->summary.notification) {
		withdraw(agent, &agent->summary);
		answer_all(agent, answer);
		return;
	}
	for (size_t i = 0; i < agent->count; i++) {
		struct memory *memory = &agent->memories[i];

		if (memory->notification == id) {
			withdraw(agent, memory);
			answer_one(agent, memory, answer);
			return;
		}
	}
}

/* Closed without an answer is "not now": it comes again with the next session, or when it changes. */
static void on_closed(uint32_t id, void *userdata)
{
	struct agent *agent = userdata;

	if (id == agent->summary.notification)
		agent->summary.notification = 0;
	for (size_t i = 0; i < agent->count; i++)
		if (agent->memories[i].notification == id)
			agent->memories[i].notification = 0;
}

/* Another server knows nothing of what was shown. */
static void on_server_restarted(bool is_there, void *userdata)
{
	struct agent *agent = userdata;

	for (size_t i = 0; i < agent->count; i++) {
		struct memory *memory = &agent->memories[i];

		if (memory->notification)
			free(TAKE_PTR(memory->shown_key));
		memory->notification = 0;
	}
	free(TAKE_PTR(agent->summary.shown_key));
	agent->summary.notification = 0;
	if (is_there)
		schedule(agent);
}

static const struct server_events server_events = {
	.answered = on_answered,
	.closed = on_closed,
	.restarted = on_server_restarted,
};

static int watch_daemon(struct agent *agent)
{
	static const char *const matches[] = {
		"type='signal',sender='" SERVICE "',path='" ROOT "',"
		"interface='org.freedesktop.DBus.ObjectManager'",
		"type='signal',sender='" SERVICE "',path_namespace='" ROOT "/device',"
		"member='PropertiesChanged',arg0='org.fwslot1.Device'",
		"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SERVICE
		"'",
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(matches); i++)
		r = sd_bus_add_match(agent->system_bus, NULL, matches[i], on_news, agent);
	return r;
}

int agent_new(sd_event *event, sd_bus *system_bus, sd_bus *session_bus, const char *language,
	      struct agent **ret)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int r;

	if (!agent)
		return -ENOMEM;
	agent->event = sd_event_ref(event);
	agent->system_bus = sd_bus_ref(system_bus);
	agent->language = language;
	r = told_new(&agent->told);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &agent->look, CLOCK_MONOTONIC, 0,
					       QUIET_USEC / 4, on_look, agent);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &agent->remind, CLOCK_BOOTTIME, USEC_PER_DAY,
					       USEC_PER_MINUTE, on_look, agent);
	if (r >= 0)
		r = sd_event_source_set_enabled(agent->remind, SD_EVENT_OFF);
	if (r >= 0)
		r = server_new(session_bus, &server_events, agent, &agent->server);
	if (r >= 0)
		r = session_new(system_bus, on_session_changed, agent, &agent->session);
	if (r >= 0)
		r = watch_daemon(agent);
	if (r < 0) {
		agent_free(agent);
		return r;
	}
	*ret = agent;
	return 0;
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	for (size_t i = 0; agent->server && i < agent->count; i++)
		forget(agent, &agent->memories[i]);
	if (agent->server)
		withdraw(agent, &agent->summary);
	sd_event_source_disable_unref(agent->look);
	sd_event_source_disable_unref(agent->remind);
	session_free(agent->session);
	server_free(agent->server);
	told_free(agent->told);
	sd_bus_unref(agent->system_bus);
	sd_event_unref(agent->event);
	free(agent);
}
