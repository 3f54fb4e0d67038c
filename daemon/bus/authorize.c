// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One struct per call that waits for an answer. The answers arrive as events; each puts the call
 * back into the bus' queue, so that its handler starts anew, looks its objects up again (they may
 * be gone) and finds the answer here.
 */
#include "bus/authorize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bus/error.h"
#include "bus/objects.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_ALLOW_INTERACTION 1u

struct authorization {
	struct bus *bus;
	struct authorization *next;
	sd_bus_message *call;
	uint32_t uid;
	bool has_uid, has_verdict;
	char *question; /* action and details as asked, to notice that the question changed */
	sd_bus_error verdict; /* unset = allowed */
	sd_bus_slot *pending; /* the answer we wait for */
	sd_bus_slot *caller_watch; /* the caller leaving the bus */
	sd_event_source *abandoned;
};

static struct authorization *find(struct bus *bus, sd_bus_message *call)
{
	for (struct authorization *a = bus->authorizations; a; a = a->next)
		if (a->call == call)
			return a;
	return NULL;
}

static void release(struct authorization *authorization)
{
	struct authorization **link = &authorization->bus->authorizations;

	while (*link != authorization)
		link = &(*link)->next;
	*link = authorization->next;
	sd_bus_slot_unref(authorization->pending);
	sd_bus_slot_unref(authorization->caller_watch);
	sd_event_source_disable_unref(authorization->abandoned);
	sd_bus_error_free(&authorization->verdict);
	sd_bus_message_unref(authorization->call);
	free(authorization->question);
	free(authorization);
}

void authorize_forget_all(struct bus *bus)
{
	while (bus->authorizations)
		release(bus->authorizations);
}

/*
 * The handler ran again without asking for the answer (its object is gone) or without asking
 * anything further. Runs when the loop has nothing else to do, so after the handler.
 */
static int on_abandoned(_unused_ sd_event_source *source, void *userdata)
{
	struct authorization *authorization = userdata;

	if (!authorization->pending)
		release(authorization);
	return 0;
}

/* The answer is there: run the call's handler again. */
static int run_again(struct authorization *authorization)
{
	int r;

	authorization->pending = sd_bus_slot_unref(authorization->pending);
	sd_event_source_disable_unref(authorization->abandoned);
	authorization->abandoned = NULL;

	r = sd_bus_message_rewind(authorization->call, true);
	if (r >= 0)
		r = sd_event_add_defer(authorization->bus->event, &authorization->abandoned,
				       on_abandoned, authorization);
	if (r >= 0)
		r = sd_event_source_set_priority(authorization->abandoned, SD_EVENT_PRIORITY_IDLE);
	if (r >= 0)
		r = sd_bus_enqueue_for_read(authorization->bus->bus, authorization->call);
	if (r < 0) {
		(void)sd_bus_reply_method_errno(authorization->call, r, NULL);
		release(authorization);
	}
	return r;
}

static int check_limits(struct bus *bus, const char *sender, sd_bus_error *error)
{
	unsigned all = 0, of_caller = 0;

	for (struct authorization *a = bus->authorizations; a; a = a->next) {
		all++;
		if (strcmp(sd_bus_message_get_sender(a->call), sender) == 0)
			of_caller++;
	}
	if (all >= AUTHORIZATIONS_MAX || of_caller >= AUTHORIZATIONS_PER_CALLER_MAX)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_LIMITS_EXCEEDED,
			"Too many requests wait for authorization (%u of yours, %u in all).",
			of_caller, all);
	return 0;
}

static int on_caller_uid(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct authorization *authorization = userdata;
	uint32_t uid;

	if (sd_bus_message_is_method_error(reply, NULL) ||
	    sd_bus_message_read(reply, "u", &uid) < 0) {
		release(authorization); /* the caller has left: there is nobody to answer */
		return 0;
	}
	authorization->uid = uid;
	authorization->has_uid = true;
	(void)run_again(authorization);
	return 0;
}

int authorize_caller(struct bus *bus, sd_bus_message *call, uint32_t *ret_uid, sd_bus_error *error)
{
	struct authorization *authorization = find(bus, call);
	const char *sender = sd_bus_message_get_sender(call);
	int r;

	if (authorization && authorization->has_uid) {
		*ret_uid = authorization->uid;
		return 1;
	}
	if (!sender)
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
					"The caller has no name on the bus.");
	r = check_limits(bus, sender, error);
	if (r < 0)
		return r;

	authorization = calloc(1, sizeof(*authorization));
	if (!authorization)
		return -ENOMEM;
	authorization->bus = bus;
	authorization->call = sd_bus_message_ref(call);
	authorization->next = bus->authorizations;
	bus->authorizations = authorization;

	r = sd_bus_call_method_async(bus->bus, &authorization->pending, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus",
				     "GetConnectionUnixUser", on_caller_uid, authorization, "s",
				     sender);
	if (r < 0) {
		release(authorization);
		return r;
	}
	return 0;
}

/*
 * The action and its details as one text; the same call asking something else must not get this
 * answer.
 */
static char *word_question(const char *action, const struct authorize_detail *details)
{
	char *question = NULL;
	size_t size;
	FILE *text = open_memstream(&question, &size);

	if (!text)
		return NULL;
	fputs(action, text);
	for (; details->key; details++)
		fprintf(text, "\n%s=%s", details->key, details->value);
	if (fclose(text) != 0) {
		free(question);
		return NULL;
	}
	return question;
}

static int read_verdict(sd_bus_message *reply, bool was_interactive, sd_bus_error *ret)
{
	const sd_bus_error *failure = sd_bus_message_get_error(reply);
	int is_authorized, is_challenge, r;

	if (failure) {
		log_warning("polkit does not answer: %s", failure->message ?: failure->name);
		return sd_bus_error_set(
			ret, SD_BUS_ERROR_ACCESS_DENIED,
			"polkit does not answer; without it only root may do this.");
	}
	r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(reply, "bb", &is_authorized, &is_challenge);
	if (r < 0)
		return r;
	if (is_authorized)
		return 0;
	if (is_challenge && !was_interactive)
		return sd_bus_error_set(
			ret, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
			"This needs somebody's password; allow interactive authorization and call again.");
	return sd_bus_error_set(ret, SD_BUS_ERROR_ACCESS_DENIED,
				"You are not authorized to do this.");
}

static int on_verdict(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct authorization *authorization = userdata;
	int r = read_verdict(
		reply, sd_bus_message_get_allow_interactive_authorization(authorization->call) > 0,
		&authorization->verdict);

	if (r < 0 && !sd_bus_error_is_set(&authorization->verdict))
		sd_bus_error_set_errno(&authorization->verdict, r);
	authorization->has_verdict = true;
	authorization->caller_watch = sd_bus_slot_unref(authorization->caller_watch);
	(void)run_again(authorization);
	return 0;
}

/* The cancellation id is the address of our struct: unique as long as the question is open. */
static void word_cancellation(const struct authorization *authorization, char id[static 32])
{
	snprintf(id, 32, "fwslot%" PRIxPTR, (uintptr_t)authorization);
}

/* The caller left the bus: the password dialog should go, too. */
static int on_caller_left(_unused_ sd_bus_message *signal, void *userdata,
			  _unused_ sd_bus_error *error)
{
	struct authorization *authorization = userdata;
	char cancellation[32];

	word_cancellation(authorization, cancellation);
	(void)sd_bus_call_method_async(authorization->bus->bus, NULL, POLKIT_NAME, POLKIT_PATH,
				       POLKIT_INTERFACE, "CancelCheckAuthorization", NULL, NULL,
				       "s", cancellation);
	release(authorization);
	return 0;
}

static int on_watch_installed(_unused_ sd_bus_message *reply, _unused_ void *userdata,
			      _unused_ sd_bus_error *error)
{
	return 0; /* without the watch a dialog stays open too long: no reason to fail */
}

static int watch_caller(struct authorization *authorization)
{
	char match[256];

	snprintf(match, sizeof(match),
		 "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
		 "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s',arg2=''",
		 sd_bus_message_get_sender(authorization->call));
	return sd_bus_add_match_async(authorization->bus->bus, &authorization->caller_watch, match,
				      on_caller_left, on_watch_installed, authorization);
}

static int append_question(sd_bus_message *message, const char *sender, const char *action,
			   const struct authorize_detail *details)
{
	int r = sd_bus_message_append(message, "(sa{sv})s", "system-bus-name", 1, "name", "s",
				      sender, action);

	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "{ss}");
	for (; r >= 0 && details->key; details++)
		r = sd_bus_message_append(message, "{ss}", details->key, details->value);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r;
}

static int ask_polkit(struct authorization *authorization, const char *action,
		      const struct authorize_detail *details)
{
	sd_bus_message *message = NULL;
	bool is_interactive =
		sd_bus_message_get_allow_interactive_authorization(authorization->call) > 0;
	char cancellation[32];
	int r = sd_bus_message_new_method_call(authorization->bus->bus, &message, POLKIT_NAME,
					       POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");

	word_cancellation(authorization, cancellation);
	if (r >= 0)
		r = append_question(message, sd_bus_message_get_sender(authorization->call), action,
				    details);
	if (r >= 0)
		r = sd_bus_message_append(
			message, "us", is_interactive ? POLKIT_ALLOW_INTERACTION : 0, cancellation);
	if (r >= 0)
		r = watch_caller(authorization);
	/* No time limit: somebody may be looking for his password. */
	if (r >= 0)
		r = sd_bus_call_async(authorization->bus->bus, &authorization->pending, message,
				      on_verdict, authorization, UINT64_MAX);
	sd_bus_message_unref(message);
	return r;
}

/* Takes what polkit said; the struct is done with. */
static int take_verdict(struct authorization *authorization, const char *question,
			sd_bus_error *error)
{
	int r = 1;

	if (strcmp(question, authorization->question) != 0)
		r = bus_error(
			error, REASON_BUSY,
			"The device changed while authorization was being asked for; call again.");
	else if (sd_bus_error_is_set(&authorization->verdict)) {
		(void)sd_bus_error_move(error, &authorization->verdict);
		r = -EACCES;
	}
	release(authorization);
	return r;
}

int authorize_action(struct bus *bus, sd_bus_message *call, const char *action,
		     const struct authorize_detail *details, uint32_t *ret_uid, sd_bus_error *error)
{
	_cleanup_free_ char *question = NULL;
	struct authorization *authorization;
	int r = authorize_caller(bus, call, ret_uid, error);

	if (r <= 0)
		return r;
	authorization = find(bus, call);
	if (*ret_uid == 0) {
		release(authorization);
		return 1;
	}
	question = word_question(action, details);
	if (!question) {
		release(authorization);
		return -ENOMEM;
	}
	if (authorization->has_verdict)
		return take_verdict(authorization, question, error);

	r = ask_polkit(authorization, action, details);
	if (r < 0) {
		release(authorization);
		return r;
	}
	authorization->question = TAKE_PTR(question);
	return 0;
}
