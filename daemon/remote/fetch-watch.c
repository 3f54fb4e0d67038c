/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two event sources: the socket, and the time by which it must have spoken. */
#include "remote/fetch-watch.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#define TIMER_ACCURACY_USEC (100 * USEC_PER_MSEC)

struct fetch_watch {
	struct fetch_client *client;
	struct fetch_watch_events events;
	void *userdata;
	sd_event_source *input, *timer;
};

static void look(struct fetch_watch *watch)
{
	enum fetch_news news = fetch_client_receive(watch->client, time_now_monotonic());

	if (news == FETCH_NEWS_ENDED) {
		_cleanup_fetch_result_ struct fetch_result result = { 0 };

		sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
		fetch_client_take_result(watch->client, &result);
		watch->events.ended(&result, watch->userdata); /* the watch may be gone now */
		return;
	}
	/* A connection that is closed stays readable: look no more. */
	if (!fetch_client_is_usable(watch->client))
		sd_event_source_set_enabled(watch->input, SD_EVENT_OFF);
	if (news != FETCH_NEWS_NONE && watch->events.progressed) {
		struct fetch_progress progress = fetch_client_progress(watch->client);

		watch->events.progressed(&progress, watch->userdata);
	}
}

static int on_input(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	look(userdata);
	return 0;
}

static int on_timer(sd_event_source *source _unused_, uint64_t now _unused_, void *userdata)
{
	look(userdata);
	return 0;
}

int fetch_watch_new(sd_event *event, struct fetch_client *client,
		    const struct fetch_watch_events *events, void *userdata,
		    struct fetch_watch **ret)
{
	struct fetch_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch) {
		fetch_client_free(client);
		return -ENOMEM;
	}
	*watch = (struct fetch_watch){ .client = client, .events = *events, .userdata = userdata };
	r = sd_event_add_io(event, &watch->input, fetch_client_fd(client), EPOLLIN, on_input,
			    watch);
	if (r >= 0)
		r = sd_event_add_time(event, &watch->timer, CLOCK_MONOTONIC, USEC_INFINITY,
				      TIMER_ACCURACY_USEC, on_timer, watch);
	if (r < 0) {
		fetch_watch_free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

void fetch_watch_free(struct fetch_watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->input);
	sd_event_source_disable_unref(watch->timer);
	fetch_client_free(watch->client);
	free(watch);
}

struct fetch_client *fetch_watch_client(struct fetch_watch *watch)
{
	return watch->client;
}

int fetch_watch_start(struct fetch_watch *watch, const struct fetch_request *request, int fd,
		      struct failure *failure)
{
	int r = fetch_client_start(watch->client, request, fd, failure);

	if (r < 0)
		return r;
	r = sd_event_source_set_time(watch->timer, fetch_client_deadline(watch->client));
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
	return r < 0 ? fail_errno(failure, r, "Cannot set a timer") : 0;
}
