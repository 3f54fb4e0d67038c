/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl watch: a line for everything that happens, until Ctrl-C. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "ctl/client.h"
#include "ctl/values.h"

/* "sim0", "job 3", or NULL for what is nobody's business (slots). The caller frees it. */
static char *subject_of(const char *path)
{
	_cleanup_free_ char *name = NULL;
	char *text = NULL;

	if (strchr(path + strlen(CLIENT_PATH "/device"), '/') && strstr(path, "/slot/"))
		return NULL;
	if (sd_bus_path_decode(path, CLIENT_DEVICES, &name) > 0)
		return TAKE_PTR(name);
	if (strncmp(path, CLIENT_JOBS "/_", strlen(CLIENT_JOBS "/_")) == 0 &&
	    asprintf(&text, "job %s", path + strlen(CLIENT_JOBS "/_")) >= 0)
		return text;
	return NULL;
}

static void begin_line(const char *subject)
{
	time_t now = (time_t)(time_now_realtime() / USEC_PER_SEC);
	char text[16] = "";
	struct tm parts;

	if (localtime_r(&now, &parts))
		(void)strftime(text, sizeof(text), "%H:%M:%S", &parts);
	printf("%s  %s:", text, subject);
}

static void print_value(const char *key, const json_t *value)
{
	if (json_is_string(value))
		printf(" %s=%s", key, json_string_value(value));
	else if (json_is_integer(value))
		printf(" %s=%lld", key, (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		printf(" %s=%s", key, json_is_true(value) ? "yes" : "no");
}

/* [interface, {changed}, [invalidated]] */
static void tell_changes(const char *subject, const json_t *body)
{
	json_t *changed = json_array_get(body, 1), *value;
	const char *key;

	if (json_object_size(changed) == 0)
		return;
	begin_line(subject);
	json_object_foreach(changed, key, value)
		print_value(key, value);
	putchar('\n');
}

/* JobNew: [id, path, device, type]; JobRemoved: and [..., result, reason] */
static void tell_job(const json_t *body)
{
	const char *device = json_string_value(json_array_get(body, 2)) ?: "";
	const char *type = json_string_value(json_array_get(body, 3)) ?: "";
	const char *result = json_string_value(json_array_get(body, 4));
	const char *reason = json_string_value(json_array_get(body, 5));

	begin_line(device);
	printf(" job %lld (%s) ", (long long)json_integer_value(json_array_get(body, 0)), type);
	if (!result)
		puts("begins");
	else
		printf("ends: %s%s%s\n", result, reason && reason[0] ? ", " : "", reason ?: "");
}

/* [path, ...] of the object manager */
static void tell_object(const json_t *body, const char *what)
{
	const char *path = json_string_value(json_array_get(body, 0)) ?: "";
	_cleanup_free_ char *name = NULL;

	if (strstr(path, "/slot/") || sd_bus_path_decode(path, CLIENT_DEVICES, &name) <= 0)
		return;
	begin_line(name);
	printf(" %s\n", what);
}

static void tell(const char *path, const char *member, const json_t *body)
{
	_cleanup_free_ char *subject = NULL;

	if (strcmp(member, "PropertiesChanged") == 0) {
		subject = subject_of(path);
		if (subject)
			tell_changes(subject, body);
	} else if (strcmp(member, "JobNew") == 0 || strcmp(member, "JobRemoved") == 0) {
		tell_job(body);
	} else if (strcmp(member, "InterfacesAdded") == 0) {
		tell_object(body, "is there");
	} else if (strcmp(member, "InterfacesRemoved") == 0) {
		tell_object(body, "is gone");
	}
	fflush(stdout);
}

/* One object a line, for programs that read line by line. */
static void tell_json(const char *path, const char *member, json_t *body)
{
	_cleanup_value_ json_t *value = json_pack("{s:I,s:s,s:s,s:O}", "time_usec",
						  (json_int_t)time_now_realtime(), "path", path,
						  "signal", member, "body", body);

	if (!value)
		return;
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static int on_signal(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	const char *path = sd_bus_message_get_path(signal);
	const char *member = sd_bus_message_get_member(signal);
	_cleanup_value_ json_t *body = json_array();
	const struct ctl *ctl = userdata;
	json_t *value;

	while ((value = values_read(signal)))
		(void)json_array_append_new(body, value);
	if (ctl->options & CTL_JSON)
		tell_json(path, member, body);
	else
		tell(path, member, body);
	return 0;
}

static int on_owner(sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	const struct ctl *ctl = userdata;
	const char *owner = "";

	(void)sd_bus_message_read(signal, "sss", NULL, NULL, &owner);
	if (!(ctl->options & CTL_JSON)) {
		begin_line("fwslotd");
		puts(owner[0] ? " runs" : " ended");
		fflush(stdout);
	}
	return 0;
}

static int watch(struct ctl *ctl)
{
	int r = sd_bus_match_signal(ctl->bus, NULL, CLIENT_SERVICE, NULL, NULL, NULL, on_signal,
				    ctl);

	if (r >= 0)
		r = sd_bus_add_match(ctl->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" CLIENT_SERVICE "'",
				     on_owner, ctl);
	while (r >= 0) {
		r = sd_bus_process(ctl->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(ctl->bus, UINT64_MAX);
		if (r == -EINTR)
			r = 0;
	}
	return ctl_fail(ctl, "The system bus ended: %s.", strerror(-r));
}

const struct verb verb_watch = {
	.name = "watch",
	.synopsis = "",
	.summary = "a line for everything that happens, until Ctrl-C",
	.help = "With --json each line is an object.\n",
	.options = CTL_JSON,
	.run = watch,
};
