/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client of fwslot-fetch against a service that says what the test wants, also nonsense. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/packet.h"
#include "remote/fetch-client.h"
#include "remote/fetch-watch.h"
#include "tap.h"

#define LINES_MAX 8

/* A client, and the service's end of its socket. */
struct scene {
	struct fetch_client *client;
	int service, file;
	usec_t now;
};

static const struct fetch_request request = { .url = "http://a/", .max_bytes = 100 };

static void scene_open(struct scene *scene)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0 ||
	    fetch_client_new(pair[0], &scene->client) < 0 ||
	    fetch_client_open(scene->client, &FETCH_IDENTITY_DEFAULT, NULL) < 0)
		tap_bail("no client");
	scene->service = pair[1];
	scene->file = memfd_create("file", MFD_CLOEXEC);
	scene->now = time_now_monotonic();
}

static void scene_close(struct scene *scene)
{
	fetch_client_free(scene->client);
	close_fd(scene->service);
	close_fd(scene->file);
}

/* Takes the next request; the value of @key in it. */
static char *hear(struct scene *scene, const char *key)
{
	_cleanup_packet_ struct packet *packet = NULL;
	int fds[PACKET_FDS_MAX];
	int r = packet_receive(scene->service, &packet, fds);
	const char *value = r < 0 ? NULL : packet_get(packet, key);

	close_fds(fds, PACKET_FDS_MAX);
	return value ? strdup(value) : NULL;
}

/* Sends a reply of KEY=value lines, ended by NULL. */
static void say(struct scene *scene, const char *const lines[LINES_MAX])
{
	_cleanup_packet_ struct packet *packet = packet_new(4096);

	for (size_t i = 0; i < LINES_MAX && lines[i]; i++) {
		char key[PACKET_KEY_MAX + 1] = "";
		const char *value = strchr(lines[i], '=') + 1;

		memcpy(key, lines[i], (size_t)(value - lines[i]) - 1);
		if (packet_add(packet, key, value) < 0)
			tap_bail("no reply");
	}
	if (packet_send(scene->service, packet, NULL, 0) < 0)
		tap_bail("no reply sent");
}

#define SAY(scene, ...) say(scene, (const char *const[LINES_MAX]){ __VA_ARGS__ })

static enum fetch_news look(struct scene *scene)
{
	return fetch_client_receive(scene->client, scene->now);
}

static void start(struct scene *scene)
{
	if (fetch_client_start(scene->client, &request, scene->file, NULL) < 0)
		tap_bail("no fetch");
}

/* Takes the result and compares its reason. */
static void check_end(struct scene *scene, enum reason reason, const char *what)
{
	_cleanup_fetch_result_ struct fetch_result result = { 0 };

	fetch_client_take_result(scene->client, &result);
	tap_is_string(reason_word(result.failure.reason), reason_word(reason), what);
}

static void check_good_fetch(void)
{
	_cleanup_fetch_result_ struct fetch_result result = { 0 };
	struct scene scene;
	char *word;

	scene_open(&scene);
	start(&scene);
	tap_is(fetch_client_start(scene.client, &request, scene.file, NULL),
	       reason_errno(REASON_BUSY), "a second fetch at the same time is refused");
	word = hear(&scene, FETCH_KEY_OPERATION);
	tap_is_string(word, FETCH_OPEN, "first the session is opened");
	free(word);
	word = hear(&scene, FETCH_KEY_URL);
	tap_is_string(word, "http://a/", "then the fetch is asked for");
	free(word);
	tap_is(look(&scene), FETCH_NEWS_NONE, "nothing is heard yet");
	SAY(&scene, "TYPE=result", "REASON=ok");
	tap_is(look(&scene), FETCH_NEWS_NONE, "that the session is open is no news");
	SAY(&scene, "TYPE=start", "RESUME_FROM=0", "LENGTH=50", "VALIDATOR=\"a\"");
	tap_is(look(&scene), FETCH_NEWS_STARTED, "the server has answered");
	SAY(&scene, "TYPE=progress", "BYTES=20");
	tap_is(look(&scene), FETCH_NEWS_PROGRESS, "there is progress");
	tap_ok(fetch_client_progress(scene.client).bytes == 20 &&
		       fetch_client_progress(scene.client).length_bytes == 50,
	       "20 of 50 bytes");
	SAY(&scene, "TYPE=result", "REASON=ok", "STATUS=200", "BYTES=50", "VALIDATOR=\"a\"",
	    "ETAG=W/\"b\"", "RETRY_AFTER_SEC=7");
	tap_is(look(&scene), FETCH_NEWS_ENDED, "the end");
	fetch_client_take_result(scene.client, &result);
	tap_ok(result.failure.reason == REASON_OK && result.status == 200 && result.bytes == 50 &&
		       result.is_started && !result.is_not_modified && result.retry_after_sec == 7,
	       "its numbers");
	tap_is_string(result.validator, "\"a\"", "its validator");
	tap_is_string(result.entity_tag, "W/\"b\"", "its entity tag");
	tap_ok(fetch_client_is_usable(scene.client), "another fetch may follow");
	tap_ok(fetch_client_deadline(scene.client) == USEC_INFINITY, "nothing is awaited now");
	scene_close(&scene);
}

static void check_refused_session(void)
{
	_cleanup_fetch_result_ struct fetch_result result = { 0 };
	struct scene scene;

	scene_open(&scene);
	SAY(&scene, "TYPE=result", "REASON=tls-failed", "MESSAGE=Not\nwith \x1b[31myou\xff");
	close_fd(scene.service);
	scene.service = -EBADF;
	start(&scene);
	tap_is(look(&scene), FETCH_NEWS_ENDED, "a refused session ends the fetch");
	fetch_client_take_result(scene.client, &result);
	tap_is_string(reason_word(result.failure.reason), "tls-failed",
		      "with the session's reason");
	tap_is_string(failure_message(&result.failure), "Not?with ?[31myou?",
		      "and its words, made harmless");
	tap_ok(!fetch_client_is_usable(scene.client), "this client is of no more use");
	scene_close(&scene);
}

struct nonsense {
	const char *what;
	const char *lines[LINES_MAX];
};

static const struct nonsense nonsenses[] = {
	{ "no type", { "BYTES=1" } },
	{ "an unknown type", { "TYPE=firmware" } },
	{ "a result without a reason", { "TYPE=result", "BYTES=1" } },
	{ "a result with an unknown reason", { "TYPE=result", "REASON=whim" } },
	{ "a start without a number", { "TYPE=start" } },
	{ "a start with a wrong number", { "TYPE=start", "RESUME_FROM=-1" } },
	{ "a progress before the start", { "TYPE=progress", "BYTES=1" } },
};

static void check_nonsense(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(nonsenses); i++) {
		struct scene scene;

		scene_open(&scene);
		start(&scene);
		SAY(&scene, "TYPE=result", "REASON=ok");
		look(&scene);
		say(&scene, nonsenses[i].lines);
		tap_is(look(&scene), FETCH_NEWS_ENDED, nonsenses[i].what);
		check_end(&scene, REASON_SERVICE_MISSING, "is nonsense");
		tap_ok(!fetch_client_is_usable(scene.client), "and the end of this client");
		scene_close(&scene);
	}
}

static void check_no_packet(void)
{
	struct scene scene;

	scene_open(&scene);
	start(&scene);
	if (write(scene.service, "hello", 5) != 5)
		tap_bail("no words");
	tap_is(look(&scene), FETCH_NEWS_ENDED, "what is no packet");
	check_end(&scene, REASON_SERVICE_MISSING, "is nonsense");
	scene_close(&scene);
}

static void check_death(void)
{
	_cleanup_fetch_result_ struct fetch_result result = { 0 };
	struct fetch_resume resume = { 0 };
	struct fetch_request next = request;
	struct scene scene;

	scene_open(&scene);
	start(&scene);
	SAY(&scene, "TYPE=result", "REASON=ok");
	SAY(&scene, "TYPE=start", "RESUME_FROM=0", "VALIDATOR=\"a\"");
	SAY(&scene, "TYPE=progress", "BYTES=20");
	close_fd(scene.service); /* with unread requests: told by ECONNRESET before the rest */
	scene.service = -EBADF;
	tap_is(look(&scene), FETCH_NEWS_NONE, "what a service said before it died");
	tap_is(look(&scene), FETCH_NEWS_STARTED, "is heard,");
	tap_is(look(&scene), FETCH_NEWS_PROGRESS, "all of it,");
	tap_is(look(&scene), FETCH_NEWS_ENDED, "and then the end");
	fetch_client_take_result(scene.client, &result);
	tap_ok(result.failure.reason == REASON_SERVICE_MISSING && result.is_started &&
		       result.bytes == 20,
	       "20 bytes are there");
	fetch_resume_keep(&resume, &result);
	fetch_resume_apply(&resume, &next);
	tap_is(next.resume_from, 20, "the next fetch goes on from there");
	tap_is_string(next.validator, "\"a\"", "with the validator");
	fetch_result_clear(&result);
	fetch_resume_keep(&resume, &result);
	tap_is(resume.bytes, 20, "a fetch without an answer changes nothing");
	result.is_started = true;
	result.bytes = 30;
	fetch_resume_keep(&resume, &result);
	fetch_resume_apply(&resume, &next);
	tap_ok(next.resume_from == 0 && !next.validator,
	       "an answer without a validator is not resumed");
	tap_is(fetch_client_start(scene.client, &request, scene.file, NULL), 0,
	       "a fetch from the dead");
	tap_is(look(&scene), FETCH_NEWS_ENDED, "ends");
	check_end(&scene, REASON_SERVICE_MISSING, "as it must");
	scene_close(&scene);
}

static void check_deadline(void)
{
	struct scene scene;
	usec_t deadline;

	scene_open(&scene);
	start(&scene);
	deadline = fetch_client_deadline(scene.client);
	tap_ok(deadline > scene.now + FETCH_TOTAL_MSEC_DEFAULT * USEC_PER_MSEC,
	       "the service has more time than it was given");
	scene.now = deadline - 1;
	tap_is(look(&scene), FETCH_NEWS_NONE, "just before the deadline it is waited for");
	scene.now = deadline;
	tap_is(look(&scene), FETCH_NEWS_ENDED, "at the deadline no more");
	check_end(&scene, REASON_TIMEOUT, "with that reason");
	scene_close(&scene);
}

static void check_cancel(void)
{
	struct scene scene;
	char *word;

	scene_open(&scene);
	tap_is(fetch_client_cancel(scene.client), 0, "cancelling nothing");
	start(&scene);
	tap_is(fetch_client_cancel(scene.client), 0, "cancelling something");
	free(hear(&scene, FETCH_KEY_OPERATION));
	free(hear(&scene, FETCH_KEY_OPERATION));
	word = hear(&scene, FETCH_KEY_OPERATION);
	tap_is_string(word, FETCH_CANCEL, "asks the service once");
	free(word);
	scene_close(&scene);
}

static void check_refused_requests(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	static char long_url[PACKET_BYTES_MAX];
	struct fetch_request long_request = { .url = long_url, .max_bytes = 1 };
	struct scene scene;

	memset(long_url, 'a', sizeof(long_url) - 1);
	scene_open(&scene);
	(void)!fetch_client_start(scene.client, &long_request, scene.file, &failure);
	tap_is_string(reason_word(failure.reason), "invalid-argument", "a URL that is too long");
	failure_clear(&failure);
	(void)!fetch_client_start(scene.client, &request, -1, &failure);
	tap_is_string(reason_word(failure.reason), "invalid-argument", "no file");
	tap_ok(fetch_client_is_usable(scene.client), "spoil nothing");
	scene_close(&scene);
}

/* What the event loop's callbacks have seen. */
struct seen {
	unsigned int progressed, ended;
	enum reason reason;
};

static void on_progressed(const struct fetch_progress *progress, void *userdata)
{
	struct seen *seen = userdata;

	seen->progressed += progress->bytes > 0;
}

static void on_ended(const struct fetch_result *result, void *userdata)
{
	struct seen *seen = userdata;

	seen->ended++;
	seen->reason = result->failure.reason;
}

/* Runs the loop until nothing happens any more; how often something did. */
static unsigned int run_loop(sd_event *event)
{
	unsigned int rounds = 0;

	while (rounds < 100 && sd_event_run(event, 0) > 0)
		rounds++;
	return rounds;
}

static void check_watch(void)
{
	static const struct fetch_watch_events events = { on_progressed, on_ended };
	struct seen seen = { 0 };
	struct fetch_watch *watch = NULL;
	struct scene scene;
	sd_event *event;

	scene_open(&scene);
	if (sd_event_new(&event) < 0 ||
	    fetch_watch_new(event, scene.client, &events, &seen, &watch) < 0 ||
	    fetch_watch_start(watch, &request, scene.file, NULL) < 0)
		tap_bail("no watch");
	SAY(&scene, "TYPE=result", "REASON=ok");
	SAY(&scene, "TYPE=start", "RESUME_FROM=0");
	SAY(&scene, "TYPE=progress", "BYTES=20");
	SAY(&scene, "TYPE=result", "REASON=not-found");
	run_loop(event);
	tap_ok(seen.progressed == 1 && seen.ended == 1 && seen.reason == REASON_NOT_FOUND,
	       "an event loop sees one progress and one end: %u, %u", seen.progressed, seen.ended);
	tap_is(fetch_watch_start(watch, &request, scene.file, NULL), 0, "another fetch");
	close_fd(scene.service);
	scene.service = -EBADF;
	tap_ok(run_loop(event) < 5, "whose service leaves does not keep the loop busy");
	tap_ok(seen.ended == 2 && seen.reason == REASON_SERVICE_MISSING, "and ends, once");
	fetch_watch_free(watch);
	scene.client = NULL;
	sd_event_unref(event);
	scene_close(&scene);
}

int main(void)
{
	check_good_fetch();
	check_refused_session();
	check_nonsense();
	check_no_packet();
	check_death();
	check_deadline();
	check_cancel();
	check_refused_requests();
	check_watch();
	tap_ok(fetch_is_passing(REASON_TIMEOUT) && !fetch_is_passing(REASON_NOT_FOUND) &&
		       !fetch_is_passing(REASON_OK),
	       "a time-out may pass, a missing file does not");
	return tap_done();
}
