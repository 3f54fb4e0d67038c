/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of sources, one timer for all, and a queue without an order: one is asked at a time. */
#include "engine/sources.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "base/utf8.h"
#include "engine/refresh-plan.h"
#include "engine/refresh.h"
#include "remote/remotes.h"

#define TIMER_ACCURACY_MAX_USEC USEC_PER_MINUTE

struct refresh_waiter {
	struct refresh_waiter *next;
	char name[RECORD_REMOTE_MAX + 1]; /* "": all */
	struct failure failure; /* the first */
	void (*ended)(const struct failure *failure, void *userdata);
	void *userdata;
};

struct source *sources_find(struct manager *manager, const char *name)
{
	for (size_t i = 0; i < manager->source_count; i++)
		if (strcmp(manager->sources[i].name, name) == 0)
			return &manager->sources[i];
	return NULL;
}

static bool is_enabled(const struct source *source)
{
	return !source->mistake && source->conf.is_enabled;
}

bool sources_is_enabled(struct manager *manager, const char *name)
{
	const struct source *source = sources_find(manager, name);

	return source && is_enabled(source);
}

static uint64_t any_bits(struct manager *manager)
{
	return manager->ops->random ? manager->ops->random(manager->ops) : 0;
}

static struct refresh_policy policy_of(const struct source *source)
{
	return (struct refresh_policy){ source->conf.refresh_interval_usec,
					source->conf.random_delay_usec };
}

static void forget_all(struct manager *manager)
{
	for (size_t i = 0; i < manager->source_count; i++) {
		remote_conf_clear(&manager->sources[i].conf);
		free(manager->sources[i].mistake);
		free(manager->sources[i].message);
	}
	free(manager->sources);
	manager->sources = NULL;
	manager->source_count = 0;
}

static void load_one(struct manager *manager, const struct remote *remote)
{
	struct source *source = &manager->sources[manager->source_count++];
	_cleanup_failure_ struct failure failure = { 0 };
	struct refresh_policy policy;

	*source = (struct source){ 0 };
	snprintf(source->name, sizeof(source->name), "%s", remote->name);
	if (remote_conf_read(remote->conf_path, &source->conf, &failure) < 0)
		source->mistake = strndup(failure_message(&failure),
					  utf8_valid_length(failure_message(&failure)));
	if (store_find_remote(manager->store, source->name, &source->record, &source->message) < 0)
		memcpy(source->record.name, source->name, sizeof(source->name));
	policy = policy_of(source);
	refresh_plan_begin(&source->record, &policy, manager_now(manager), any_bits(manager));
}

void sources_load(struct manager *manager)
{
	_cleanup_free_ struct remotes *remotes = calloc(1, sizeof(*remotes));
	_cleanup_free_ char *config = NULL, *vendor = NULL;
	_cleanup_failure_ struct failure failure = { 0 };
	int r = -ENOMEM;

	forget_all(manager);
	if (remotes && asprintf(&config, "%s/remotes.d", manager->folders.config) >= 0 &&
	    asprintf(&vendor, "%s/remotes.d", manager->folders.vendor) >= 0)
		r = remotes_load((const char *const[]){ config, vendor }, 2, remotes, &failure);
	if (r < 0)
		log_warning("Update sources cannot be read: %s", failure_message(&failure));
	if (remotes && remotes->count > 0)
		manager->sources = calloc(remotes->count, sizeof(*manager->sources));
	for (size_t i = 0; manager->sources && i < remotes->count; i++)
		if (remotes->list[i].conf_path)
			load_one(manager, &remotes->list[i]);
	if (remotes)
		remotes_clear(remotes);
	sources_arm(manager);
}

/* The next one that is to be asked now; NULL: none. */
static struct source *first_wanted(struct manager *manager)
{
	for (size_t i = 0; i < manager->source_count; i++)
		if (manager->sources[i].is_wanted)
			return &manager->sources[i];
	return NULL;
}

static bool is_asked_or_wanted(struct manager *manager, const char *name)
{
	const struct source *source = sources_find(manager, name);

	return (source && source->is_wanted) ||
	       (manager->refresh && strcmp(refresh_source(manager->refresh), name) == 0);
}

static bool is_over(struct manager *manager, const struct refresh_waiter *waiter)
{
	return waiter->name[0] ? !is_asked_or_wanted(manager, waiter->name) :
				 !manager->refresh && !first_wanted(manager);
}

static void answer(struct refresh_waiter **link)
{
	struct refresh_waiter *waiter = *link;

	*link = waiter->next;
	waiter->ended(&waiter->failure, waiter->userdata);
	failure_clear(&waiter->failure);
	free(waiter);
}

static void answer_waiters(struct manager *manager)
{
	struct refresh_waiter **link = &manager->refresh_waiters;

	while (*link)
		if (is_over(manager, *link))
			answer(link);
		else
			link = &(*link)->next;
}

/* Waiters of @name, and of all, hear of its first failure. */
static void note_failure(struct manager *manager, const char *name, const struct failure *failure)
{
	for (struct refresh_waiter *waiter = manager->refresh_waiters; waiter;
	     waiter = waiter->next)
		if (!waiter->name[0] || strcmp(waiter->name, name) == 0)
			(void)fail(&waiter->failure, failure->reason, "Update source %s: %s", name,
				   failure_message(failure));
}

static void plan(struct manager *manager, struct source *source, const struct failure *failure)
{
	struct refresh_policy policy = policy_of(source);
	const char *message = failure->reason == REASON_OK ? "" : failure_message(failure);
	int r;

	refresh_plan_tried(&source->record, &policy, failure, manager_now(manager),
			   any_bits(manager));
	free(source->message);
	source->message = message[0] ? strndup(message, utf8_valid_length(message)) : NULL;
	r = store_save_remote(manager->store, &source->record, source->message);
	if (r < 0)
		log_warning("When update source %s was asked cannot be recorded: %s.", source->name,
			    strerror(-r));
}

static void begin_next(struct manager *manager)
{
	struct source *source;

	while (!manager->refresh && (source = first_wanted(manager))) {
		_cleanup_failure_ struct failure failure = { 0 };

		source->is_wanted = false;
		if (refresh_begin(manager, source->name, &failure) >= 0)
			return;
		note_failure(manager, source->name, &failure);
		plan(manager, source, &failure);
	}
}

void sources_refreshed(struct manager *manager, const char *name, const struct failure *failure)
{
	struct source *source = sources_find(manager, name);

	if (failure->reason != REASON_OK) {
		log_warning("Update source %s could not be asked: %s", name,
			    failure_message(failure));
		note_failure(manager, name, failure);
	}
	if (source)
		plan(manager, source, failure);
	begin_next(manager);
	sources_arm(manager);
	if (manager->events->refreshed)
		manager->events->refreshed(manager->userdata);
	answer_waiters(manager);
}

static int on_timer(sd_event_source *event_source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t now = manager_now(manager);

	(void)event_source;
	(void)usec;
	for (size_t i = 0; i < manager->source_count; i++)
		if (is_enabled(&manager->sources[i]) && manager->sources[i].record.next_usec <= now)
			manager->sources[i].is_wanted = true;
	begin_next(manager);
	sources_arm(manager);
	return 0;
}

void sources_arm(struct manager *manager)
{
	uint64_t next = UINT64_MAX, now = manager_now(manager), wait, accuracy;
	int r;

	manager->refresh_timer = sd_event_source_disable_unref(manager->refresh_timer);
	if (manager->device_count == 0 || manager->refresh || manager->is_volatile)
		return;
	for (size_t i = 0; i < manager->source_count; i++) {
		const struct source *source = &manager->sources[i];

		if (is_enabled(source) && source->record.next_usec < next)
			next = source->record.next_usec;
	}
	if (next == UINT64_MAX)
		return;
	/* With other wake-ups of the machine, if that is near enough. */
	wait = next > now ? next - now : 0;
	accuracy = wait / 10 < TIMER_ACCURACY_MAX_USEC ? wait / 10 : TIMER_ACCURACY_MAX_USEC;
	r = sd_event_add_time_relative(manager->event, &manager->refresh_timer, CLOCK_BOOTTIME,
				       wait, accuracy > 0 ? accuracy : 1, on_timer, manager);
	if (r < 0)
		log_error("Update sources are not asked by themselves: no timer: %s.",
			  strerror(-r));
}

/* Marks what is to be asked; returns how many. */
static size_t want(struct manager *manager, const char *name)
{
	size_t wanted = 0;

	for (size_t i = 0; i < manager->source_count; i++) {
		struct source *source = &manager->sources[i];

		if (!is_enabled(source) || (name[0] && strcmp(source->name, name) != 0))
			continue;
		wanted++;
		if (!is_asked_or_wanted(manager, source->name))
			source->is_wanted = true;
	}
	return wanted;
}

void sources_ask_anew(struct manager *manager)
{
	for (size_t i = 0; !manager->is_volatile && i < manager->source_count; i++)
		if (is_enabled(&manager->sources[i]))
			manager->sources[i].is_wanted = true;
	begin_next(manager);
	sources_arm(manager);
}

static int check_source(struct manager *manager, const char *name, struct failure *failure)
{
	const struct source *source = sources_find(manager, name);

	if (name[0] && !source)
		return fail(
			failure, REASON_NO_SUCH_REMOTE,
			"There is no update source \"%.64s\" with a remote.conf; see ListRemotes.",
			name);
	if (source && source->mistake)
		return fail(failure, REASON_INVALID_ARGUMENT, "%s", source->mistake);
	if (source && !source->conf.is_enabled)
		return fail(failure, REASON_NO_SUCH_REMOTE,
			    "Update source %s is not enabled; see Enabled= in its remote.conf.",
			    name);
	if (manager->is_volatile)
		return fail(failure, REASON_IO_ERROR,
			    "The state folder %s cannot be written; see fwslotd's log.",
			    manager->folders.state);
	return 0;
}

static size_t count_waiters(const struct manager *manager)
{
	size_t count = 0;

	for (const struct refresh_waiter *waiter = manager->refresh_waiters; waiter;
	     waiter = waiter->next)
		count++;
	return count;
}

int manager_refresh(struct manager *manager, const char *name,
		    void (*ended)(const struct failure *failure, void *userdata), void *userdata,
		    struct failure *failure)
{
	struct refresh_waiter *waiter;
	int r = check_source(manager, name, failure);

	if (r < 0)
		return r;
	if (count_waiters(manager) >= MANAGER_REFRESH_WAITERS_MAX)
		return fail(failure, REASON_LIMIT_REACHED,
			    "%d callers wait for a refresh already; wait for its end.",
			    MANAGER_REFRESH_WAITERS_MAX);
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return fail_memory(failure);
	snprintf(waiter->name, sizeof(waiter->name), "%s", name);
	waiter->ended = ended;
	waiter->userdata = userdata;
	waiter->next = manager->refresh_waiters;
	manager->refresh_waiters = waiter;
	(void)want(manager, name);
	begin_next(manager);
	sources_arm(manager);
	answer_waiters(manager); /* nothing could be begun, or there is nothing to ask */
	return 0;
}

void sources_stop(struct manager *manager)
{
	refresh_stop(manager);
	while (manager->refresh_waiters) {
		(void)fail(&manager->refresh_waiters->failure, REASON_INTERRUPTED,
			   "fwslotd was stopped; ask again.");
		answer(&manager->refresh_waiters);
	}
	manager->refresh_timer = sd_event_source_disable_unref(manager->refresh_timer);
	forget_all(manager);
}

int manager_list_sources(struct manager *manager,
			 int (*row)(const struct source_state *source, void *userdata),
			 void *userdata)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < manager->source_count; i++) {
		const struct source *source = &manager->sources[i];

		r = row(
			&(struct source_state){
				.name = source->name,
				.title = source->conf.title ? source->conf.title : "",
				.url = source->conf.url ? source->conf.url : "",
				.is_enabled = is_enabled(source),
				.record = source->record,
				.message = source->mistake ? source->mistake :
					   source->message ? source->message :
							     "",
			},
			userdata);
	}
	return r;
}

uint64_t manager_last_refresh(struct manager *manager)
{
	uint64_t last = 0;

	for (size_t i = 0; i < manager->source_count; i++)
		if (manager->sources[i].record.refreshed_usec > last)
			last = manager->sources[i].record.refreshed_usec;
	return last;
}
