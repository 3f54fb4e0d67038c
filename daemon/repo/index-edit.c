/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Editing index files. Their form is trust/index.c's, which has the last word here too. */
#include "repo/index-edit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "trust/index.h"
#include "trust/limits.h"

#define PUBLIC_MODE 0644

char *new_release_path(const struct new_release *release)
{
	char *path;
	int r;

	if (release->slot)
		r = asprintf(&path, "%s/%s-%s.bin", release->hardware_id, release->version,
			     release->slot);
	else
		r = asprintf(&path, "%s/%s.bin", release->hardware_id, release->version);
	return r < 0 ? NULL : path;
}

static int load_index(const struct site *site, const char *index_path, const char *hardware_id,
		      json_t **ret, struct failure *failure)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = site_read(site->work_targets_fd, index_path, INDEX_BYTES_MAX, &text, &size,
			  failure);

	if (r != -ENOENT)
		return r < 0 ? r : json_load_strict(text, size, index_path, ret, failure);
	*ret = json_pack("{s:i, s:s, s:[]}", "format", INDEX_FORMAT, "hardware-id", hardware_id,
			 "releases");
	return *ret ? 0 : fail_memory(failure);
}

static json_t *make_slot(const struct new_release *release, const char *path)
{
	json_t *slot = json_pack("{s:s}", "path", path);

	if (slot && release->slot)
		json_object_set_new(slot, "slot", json_string(release->slot));
	return slot;
}

static int add_notes(json_t *object, const struct new_release *release, struct failure *failure)
{
	_cleanup_json_ json_t *notes = json_object();

	for (size_t i = 0; i < release->note_count; i++) {
		const char *text = strchr(release->notes[i], '=');
		_cleanup_free_ char *locale = NULL;

		if (!text || text == release->notes[i])
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"A note is given as LANGUAGE=TEXT (\"en=Fixes a crash.\"), found \"%.60s\".",
				release->notes[i]);
		locale = strndup(release->notes[i], (size_t)(text - release->notes[i]));
		if (!locale || json_object_set_new(notes, locale, json_string(text + 1)) < 0)
			return fail(failure, REASON_INVALID_ARGUMENT,
				    "The note \"%.60s\" is not UTF-8.", release->notes[i]);
	}
	if (release->note_count > 0 && json_object_set(object, "notes", notes) < 0)
		return fail_memory(failure);
	return 0;
}

static int make_release(const struct new_release *release, const char *path, json_t **ret,
			struct failure *failure)
{
	char date[TIME_TEXT_SIZE];
	json_t *object;
	int r;

	time_format(release->now, date);
	date[strlen("YYYY-MM-DD")] = 0;
	object = json_pack("{s:I, s:s, s:s, s:s, s:[o]}", "counter", (json_int_t)release->counter,
			   "version", release->version, "date", date, "urgency",
			   release->urgency ? release->urgency : "medium", "slots",
			   make_slot(release, path));
	if (!object)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The version or urgency is not UTF-8.");
	if (release->min_counter >= 0)
		json_object_set_new(object, "min-counter", json_integer(release->min_counter));
	r = add_notes(object, release, failure);
	if (r < 0) {
		json_decref(object);
		return r;
	}
	*ret = object;
	return 0;
}

/* The release with this counter or version, if there is one. */
static json_t *find_release(const json_t *releases, const struct new_release *release)
{
	json_t *object;
	size_t i;

	json_array_foreach(releases, i, object) {
		const char *version = json_string_value(json_object_get(object, "version"));

		if (json_integer_value(json_object_get(object, "counter")) == release->counter ||
		    (version && strcmp(version, release->version) == 0))
			return object;
	}
	return NULL;
}

/* One more slot for a release that is there already; anything else would change what was published. */
static int extend_release(json_t *object, const struct new_release *release, const char *path,
			  struct failure *failure)
{
	json_t *slots = json_object_get(object, "slots"), *slot;
	const char *version = json_string_value(json_object_get(object, "version"));
	int64_t counter = json_integer_value(json_object_get(object, "counter"));
	size_t i;

	if (!version || strcmp(version, release->version) != 0 || counter != release->counter)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s already has version %s with counter %" PRId64
			    ": each version and each counter is used once.",
			    release->hardware_id, version ? version : "?", counter);
	json_array_foreach(slots, i, slot) {
		const char *label = json_string_value(json_object_get(slot, "slot"));

		if (!label || !release->slot || strcmp(label, release->slot) == 0)
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"%s already has an image of version %s for slot %s. A published image never "
				"changes: give the new one a new version and counter.",
				release->hardware_id, release->version, label ? label : "any");
	}
	return json_array_append_new(slots, make_slot(release, path)) < 0 ? fail_memory(failure) :
									    0;
}

/* Moves the release with the lowest counter to the history. */
static int retire_oldest(json_t *index, json_t *releases, struct failure *failure)
{
	json_t *history = json_object_get(index, "history"), *object;
	size_t i, oldest = 0;

	if (!history) {
		history = json_object();
		if (json_object_set_new(index, "history", history) < 0)
			return fail_memory(failure);
	}
	json_array_foreach(releases, i, object)
		if (json_integer_value(json_object_get(object, "counter")) <
		    json_integer_value(
			    json_object_get(json_array_get(releases, oldest), "counter")))
			oldest = i;
	object = json_array_get(releases, oldest);
	if (json_object_set(history, json_string_value(json_object_get(object, "version")),
			    json_object_get(object, "counter")) < 0)
		return fail_memory(failure);
	json_array_remove(releases, oldest);
	return 0;
}

static int edit(json_t *index, const struct new_release *release, const char *path,
		struct failure *failure)
{
	_cleanup_json_ json_t *added = NULL;
	json_t *releases, *present;
	int r;

	r = json_member(index, "releases", JSON_ARRAY, JSON_REQUIRED, "index.json", &releases,
			failure);
	if (r < 0)
		return r;
	if (release->floor >= 0)
		json_object_set_new(index, "floor", json_integer(release->floor));
	if (release->support_ends)
		json_object_set_new(index, "support-ends", json_string(release->support_ends));
	present = find_release(releases, release);
	if (present)
		return extend_release(present, release, path, failure);
	r = make_release(release, path, &added, failure);
	if (r < 0)
		return r;
	if (json_array_append(releases, added) < 0)
		return fail_memory(failure);
	return json_array_size(releases) > INDEX_RELEASES_MAX ?
		       retire_oldest(index, releases, failure) :
		       0;
}

/* Checked as a device would. */
static int save_index(const struct site *site, const json_t *index, const char *index_path,
		      const char *hardware_id, struct failure *failure)
{
	_cleanup_index_ struct release_index *checked = NULL;
	_cleanup_free_ char *text = json_dumps(index, JSON_INDENT(1));
	int r;

	if (!text)
		return fail_memory(failure);
	r = index_parse(text, strlen(text), hardware_id, &checked, failure);
	return r < 0 ? r :
		       site_write(site, site->work_targets_fd, index_path, text, strlen(text),
				  PUBLIC_MODE, failure);
}

int index_add_release(const struct site *site, const struct new_release *release, const char *path,
		      struct failure *failure)
{
	_cleanup_free_ char *index_path = NULL;
	_cleanup_json_ json_t *index = NULL;
	int r;

	if (asprintf(&index_path, "%s/index.json", release->hardware_id) < 0)
		return fail_memory(failure);
	r = load_index(site, index_path, release->hardware_id, &index, failure);
	if (r >= 0)
		r = edit(index, release, path, failure);
	return r < 0 ? r : save_index(site, index, index_path, release->hardware_id, failure);
}

/* The slot's object with that image. */
static json_t *find_image(const json_t *index, const char *path)
{
	json_t *release, *slot;
	size_t i, j;

	json_array_foreach(json_object_get(index, "releases"), i, release)
		json_array_foreach(json_object_get(release, "slots"), j, slot) {
			const char *found = json_string_value(json_object_get(slot, "path"));

			if (found && strcmp(found, path) == 0)
				return slot;
		}
	return NULL;
}

static int edit_delta(json_t *slot, const struct new_delta *delta, struct failure *failure)
{
	json_t *deltas = json_object_get(slot, "deltas"), *present, *added;
	size_t i;

	if (!deltas && json_object_set_new(slot, "deltas", json_array()) >= 0)
		deltas = json_object_get(slot, "deltas");
	json_array_foreach(deltas, i, present) {
		const char *path = json_string_value(json_object_get(present, "path"));

		if (path && strcmp(path, delta->path) == 0) {
			json_array_remove(deltas, i);
			break;
		}
	}
	added = json_pack("{s:s, s:s, s:{s:I, s:s}}", "path", delta->path, "method",
			  INDEX_DELTA_METHOD, "base", "length", (json_int_t)delta->base_length,
			  "sha256", delta->base_sha256);
	return !added || json_array_append_new(deltas, added) < 0 ? fail_memory(failure) : 0;
}

int index_add_delta(const struct site *site, const struct new_delta *delta, struct failure *failure)
{
	_cleanup_free_ char *index_path = NULL;
	_cleanup_json_ json_t *index = NULL;
	json_t *slot;
	int r;

	if (asprintf(&index_path, "%s/index.json", delta->hardware_id) < 0)
		return fail_memory(failure);
	r = load_index(site, index_path, delta->hardware_id, &index, failure);
	if (r < 0)
		return r;
	slot = find_image(index, delta->image_path);
	r = slot ? edit_delta(slot, delta, failure) :
		   fail(failure, REASON_INVALID_ARGUMENT, "%s is in no release.",
			delta->image_path);
	return r < 0 ? r : save_index(site, index, index_path, delta->hardware_id, failure);
}
