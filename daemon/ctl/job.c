/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A job is followed by its properties: any signal of the daemon makes them worth reading again. The
 * daemon may be restarted meanwhile; the job goes on with it. Who leaves with Ctrl-C leaves the job.
 */
#include "ctl/job.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "ctl/terminal.h"
#include "ctl/values.h"

#define JOB_INTERFACE "org.fwslot1.Job"
#define BAR_WIDTH 24
#define TURN_USEC (1 * USEC_PER_SEC) /* how often the time left is counted down */

struct follow {
	struct ctl *ctl;
	const char *path;
	char phase[32];
	uint64_t phase_start_usec;
	bool has_line; /* a line on the terminal that is not ended */
};

static bool is_long(const char *phase)
{
	static const char *const words[] = { "downloading", "verifying", "backing-up", "writing",
					     "restoring" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], phase) == 0)
			return true;
	return false;
}

static void print_bar(const struct follow *follow, unsigned percent)
{
	uint64_t elapsed = time_now_monotonic() - follow->phase_start_usec;
	unsigned full = percent * BAR_WIDTH / 100;

	printf("\r\033[K%-12s [", follow->phase);
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		putchar(i < full ? '#' : '.');
	printf("] %3u %%", percent);
	if (percent >= 3 && percent < 100 && elapsed > 2 * USEC_PER_SEC) {
		uint64_t left = elapsed * (100 - percent) / percent / USEC_PER_SEC;

		printf("  about %u:%02u left", (unsigned)(left / 60), (unsigned)(left % 60));
	}
}

static void end_line(struct follow *follow)
{
	if (follow->has_line)
		putchar('\n');
	follow->has_line = false;
}

static void print_progress(struct follow *follow, const char *phase, unsigned percent)
{
	bool is_new = strcmp(phase, follow->phase) != 0;

	if (is_new) {
		snprintf(follow->phase, sizeof(follow->phase), "%s", phase);
		follow->phase_start_usec = time_now_monotonic();
	}
	if (follow->ctl->options & CTL_JSON)
		return;
	if (!isatty(STDOUT_FILENO)) {
		if (is_new)
			puts(phase);
	} else {
		if (is_new)
			end_line(follow);
		if (is_long(phase))
			print_bar(follow, percent);
		else
			printf("\r\033[K%s", phase);
		follow->has_line = true;
	}
	fflush(stdout);
}

static const char *text_of(const json_t *job, const char *key)
{
	return json_string_value(json_object_get(job, key)) ?: "";
}

/* How it ended, in one sentence; the exit status. */
static int tell_end(struct follow *follow, const json_t *job)
{
	const char *phase = text_of(job, "Phase"), *message = text_of(job, "Message");
	const char *before = text_of(job, "VersionBefore"), *version = text_of(job, "Version");
	bool is_revert = strcmp(text_of(job, "Type"), "revert") == 0;

	end_line(follow);
	if (follow->ctl->options & CTL_JSON)
		values_print(job);
	if (strcmp(phase, "done") == 0) {
		if (!(follow->ctl->options & CTL_JSON))
			printf("Done: version %s runs%s.\n", version[0] ? version : "(unknown)",
			       is_revert ? " again" : "");
		return CTL_EXIT_OK;
	}
	if (strcmp(phase, "reverted") == 0) {
		fprintf(stderr,
			"fwslotctl %s: The update was taken back, and version %s runs again. %s\n",
			follow->ctl->verb->name, before, message);
		return CTL_EXIT_REVERTED;
	}
	fprintf(stderr, "fwslotctl %s: The job %s. %s\n", follow->ctl->verb->name,
		strcmp(phase, "cancelled") == 0 ? "was cancelled" : "failed", message);
	return CTL_EXIT_FAILED;
}

static bool is_end(const char *phase)
{
	return strcmp(phase, "done") == 0 || strcmp(phase, "reverted") == 0 ||
	       strcmp(phase, "failed") == 0 || strcmp(phase, "cancelled") == 0;
}

/* Reads the job anew. More than 0: it has ended with the exit status *@ret; 0: it goes on. */
static int look(struct follow *follow, int *ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_value_ json_t *job = NULL;

	*ret = client_get_all(follow->ctl, follow->path, JOB_INTERFACE, &reply);
	if (*ret != 0)
		return 1;
	job = values_read(reply);
	if (!job) {
		*ret = ctl_fail(follow->ctl, "The daemon's answer cannot be read.");
		return 1;
	}
	if (is_end(text_of(job, "Phase"))) {
		*ret = tell_end(follow, job);
		return 1;
	}
	print_progress(follow, text_of(job, "Phase"),
		       (unsigned)json_integer_value(json_object_get(job, "Percent")));
	return 0;
}

/* Waits for signals, or a while. 0, or a negative errno. */
static int wait_for_news(sd_bus *bus)
{
	int r = sd_bus_wait(bus, TURN_USEC);

	while (r >= 0 && (r = sd_bus_process(bus, NULL)) > 0)
		;
	return r == -EINTR ? 0 : r;
}

static int follow_job(struct ctl *ctl, const char *path)
{
	struct follow follow = { .ctl = ctl, .path = path };
	int status, r = 0;

	while (r >= 0) {
		if (look(&follow, &status) > 0) {
			end_line(&follow);
			return status;
		}
		r = wait_for_news(ctl->bus);
	}
	end_line(&follow);
	return ctl_fail(ctl,
			"The system bus ended: %s. The job goes on; \"fwslotctl jobs\" shows it.",
			strerror(-r));
}

static int on_signal(_unused_ sd_bus_message *signal, _unused_ void *userdata,
		     _unused_ sd_bus_error *error)
{
	return 0; /* that it came is what matters: sd_bus_wait() returns */
}

static int tell_start(struct ctl *ctl, uint64_t id, const char *path)
{
	if (ctl->options & CTL_JSON) {
		_cleanup_value_ json_t *value =
			json_pack("{s:I,s:s}", "id", (json_int_t)id, "path", path);

		values_print(value);
	} else {
		printf("Job %llu goes on by itself; \"fwslotctl jobs\" shows it.\n",
		       (unsigned long long)id);
	}
	return CTL_EXIT_OK;
}

int job_run(struct ctl *ctl, const char *member, const char *types, ...)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *path;
	va_list arguments;
	uint64_t id;
	int status, r;

	/* Before the job begins, so that nothing of it is missed. */
	r = sd_bus_match_signal(ctl->bus, NULL, CLIENT_SERVICE, NULL, NULL, NULL, on_signal, NULL);
	if (r < 0)
		return ctl_fail(ctl, "The daemon cannot be listened to: %s.", strerror(-r));
	va_start(arguments, types);
	status = client_callv(ctl, member, &reply, types, arguments);
	va_end(arguments);
	if (status != 0)
		return status;
	if (sd_bus_message_read(reply, "to", &id, &path) < 0)
		return ctl_fail(ctl, "The daemon's answer cannot be read.");
	return ctl->options & CTL_NO_WAIT ? tell_start(ctl, id, path) : follow_job(ctl, path);
}
