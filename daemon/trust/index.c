/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsing index files; what is said of images is index-slot.c's. Which release fits a device is select.c's. */
#include "trust/index.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "trust/index-parse.h"
#include "trust/limits.h"
#include "trust/names.h"

/* "releases[12]", to say where something is wrong. */
#define PLACE_SIZE 160

static const char *const urgency_words[_URGENCY_COUNT] = {
	[URGENCY_LOW] = "low",
	[URGENCY_MEDIUM] = "medium",
	[URGENCY_HIGH] = "high",
	[URGENCY_CRITICAL] = "critical",
};

const char *urgency_word(enum urgency urgency)
{
	return urgency >= 0 && urgency < _URGENCY_COUNT ? urgency_words[urgency] :
							  urgency_words[URGENCY_MEDIUM];
}

enum urgency urgency_from_word(const char *word)
{
	for (int i = 0; i < _URGENCY_COUNT; i++)
		if (strcmp(urgency_words[i], word) == 0)
			return (enum urgency)i;
	return _URGENCY_INVALID;
}

int index_member_list(const json_t *object, const char *key, enum json_need need, size_t max,
		      const char *place, json_t **ret, struct failure *failure)
{
	int r = json_member(object, key, JSON_ARRAY, need, place, ret, failure);

	if (r >= 0 && json_array_size(*ret) > max)
		return fail(failure, REASON_MALFORMED, "%s: \"%s\" has more than %zu entries.",
			    place, key, max);
	return r;
}

int index_member_label(const json_t *object, const char *key, enum json_need need, size_t max,
		       const char *place, const char **ret, struct failure *failure)
{
	int r = json_member_string(object, key, need, place, ret, failure);

	if (r < 0 || !*ret)
		return r;
	if ((*ret)[0] == 0 || strlen(*ret) > max)
		return fail(failure, REASON_MALFORMED, "%s: \"%s\" must have 1 to %zu characters.",
			    place, key, max);
	for (const char *c = *ret; *c; c++)
		if (*c <= ' ' || *c > '~')
			return fail(failure, REASON_MALFORMED,
				    "%s: \"%s\" must be printable ASCII without spaces.", place,
				    key);
	return 0;
}

/* An unknown condition could forbid the release: refuse what we do not understand. */
static int check_requirement_keys(const json_t *object, const char *place, struct failure *failure)
{
	static const char *const known[] = { "hardware-id", "slot", "min-counter", "if-present" };
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)object, key, member) {
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			is_known = is_known || strcmp(known[i], key) == 0;
		if (!is_known)
			return fail(
				failure, REASON_MALFORMED,
				"%s: \"requires\" has the condition \"%.32s\", which this version of fwslot does "
				"not know; update fwslot first.",
				place, key);
	}
	return 0;
}

static int parse_requirement(const json_t *object, const char *place,
			     struct index_requirement *requirement, struct failure *failure)
{
	int r = check_requirement_keys(object, place, failure);

	if (r >= 0)
		r = json_member_string(object, "hardware-id", JSON_REQUIRED, place,
				       &requirement->hardware_id, failure);
	if (r >= 0)
		r = index_member_label(object, "slot", JSON_OPTIONAL, INDEX_LABEL_MAX, place,
				       &requirement->slot, failure);
	if (r >= 0)
		r = json_member_integer(object, "min-counter", JSON_REQUIRED, 0, JSON_INTEGER_MAX,
					place, &requirement->min_counter, failure);
	if (r >= 0)
		r = json_member_boolean(object, "if-present", JSON_OPTIONAL, place,
					&requirement->is_if_present, failure);
	if (r < 0)
		return r;
	if (!hardware_id_is_valid(requirement->hardware_id))
		return fail(failure, REASON_MALFORMED,
			    "%s: \"requires\" names \"%.80s\", which is no hardware id.", place,
			    requirement->hardware_id);
	return 0;
}

static int parse_requirements(const json_t *object, const char *place,
			      struct index_release *release, struct failure *failure)
{
	json_t *list;
	int r = index_member_list(object, "requires", JSON_OPTIONAL, INDEX_REQUIRES_MAX, place,
				  &list, failure);

	if (r < 0 || !list)
		return r;
	release->requirements = calloc(json_array_size(list) + 1, sizeof(*release->requirements));
	if (!release->requirements)
		return fail_memory(failure);
	for (size_t i = 0; r >= 0 && i < json_array_size(list); i++)
		r = parse_requirement(json_array_get(list, i), place,
				      &release->requirements[release->requirement_count++],
				      failure);
	return r;
}

static int parse_rollout_step(const json_t *object, const char *place, struct index_rollout *step,
			      struct failure *failure)
{
	int64_t permille;
	const char *at;
	int r;

	r = json_member_string(object, "at", JSON_REQUIRED, place, &at, failure);
	if (r >= 0)
		r = json_member_integer(object, "permille", JSON_REQUIRED, 0, 1000, place,
					&permille, failure);
	if (r < 0)
		return r;
	if (time_parse(at, &step->at) < 0)
		return fail(
			failure, REASON_MALFORMED,
			"%s: \"at\" of a rollout step must be YYYY-MM-DDTHH:MM:SSZ, found \"%.40s\".",
			place, at);
	step->permille = (unsigned int)permille;
	return 0;
}

static int parse_rollout(const json_t *object, const char *place, struct index_release *release,
			 struct failure *failure)
{
	json_t *list;
	int r = index_member_list(object, "rollout", JSON_OPTIONAL, INDEX_ROLLOUT_MAX, place, &list,
				  failure);

	if (r < 0 || !list)
		return r;
	release->rollout = calloc(json_array_size(list) + 1, sizeof(*release->rollout));
	if (!release->rollout)
		return fail_memory(failure);
	for (size_t i = 0; i < json_array_size(list); i++) {
		r = parse_rollout_step(json_array_get(list, i), place, &release->rollout[i],
				       failure);
		if (r < 0)
			return r;
		if (i > 0 && (release->rollout[i].at <= release->rollout[i - 1].at ||
			      release->rollout[i].permille < release->rollout[i - 1].permille))
			return fail(
				failure, REASON_MALFORMED,
				"%s: the steps of \"rollout\" must go up in time and never down in permille.",
				place);
		release->rollout_count++;
	}
	return 0;
}

static int parse_notes(const json_t *object, const char *place, struct index_release *release,
		       struct failure *failure)
{
	const char *locale;
	json_t *notes, *note;
	int r = json_member(object, "notes", JSON_OBJECT, JSON_OPTIONAL, place, &notes, failure);

	if (r < 0 || !notes)
		return r;
	json_object_foreach(notes, locale, note)
		if (!json_is_string(note) || json_string_length(note) > INDEX_NOTE_BYTES_MAX)
			return fail(
				failure, REASON_MALFORMED,
				"%s: the note in \"%.16s\" must be a string of at most %d bytes.",
				place, locale, INDEX_NOTE_BYTES_MAX);
	release->notes = notes;
	return 0;
}

static int parse_urgency(const json_t *object, const char *place, struct index_release *release,
			 struct failure *failure)
{
	const char *word;
	int r = json_member_string(object, "urgency", JSON_OPTIONAL, place, &word, failure);

	if (r < 0)
		return r;
	release->urgency = word ? urgency_from_word(word) : URGENCY_MEDIUM;
	if (release->urgency == _URGENCY_INVALID)
		return fail(
			failure, REASON_MALFORMED,
			"%s: \"urgency\" must be low, medium, high or critical, found \"%.32s\".",
			place, word);
	return 0;
}

static int parse_day(const json_t *object, const char *key, const char *place, usec_t *ret,
		     struct failure *failure)
{
	const char *text;
	int r = json_member_string(object, key, JSON_OPTIONAL, place, &text, failure);

	if (r < 0 || !text)
		return r;
	if (time_parse_date(text, ret) < 0)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"%s\" must be YYYY-MM-DD, found \"%.40s\".", place, key, text);
	return 0;
}

static int parse_release(const json_t *object, const char *hardware_id, const char *place,
			 struct index_release *release, struct failure *failure)
{
	int r;

	r = json_member_integer(object, "counter", JSON_REQUIRED, 1, JSON_INTEGER_MAX, place,
				&release->counter, failure);
	if (r >= 0)
		r = index_member_label(object, "version", JSON_REQUIRED, INDEX_VERSION_MAX, place,
				       &release->version, failure);
	if (r >= 0)
		r = json_member_integer(object, "min-counter", JSON_OPTIONAL, 0, JSON_INTEGER_MAX,
					place, &release->min_counter, failure);
	if (r >= 0)
		r = parse_day(object, "date", place, &release->date, failure);
	if (r >= 0)
		r = parse_urgency(object, place, release, failure);
	if (r >= 0)
		r = index_parse_slots(object, hardware_id, place, release, failure);
	if (r >= 0)
		r = parse_requirements(object, place, release, failure);
	if (r >= 0)
		r = parse_rollout(object, place, release, failure);
	return r < 0 ? r : parse_notes(object, place, release, failure);
}

static int compare_releases(const void *a, const void *b)
{
	const struct index_release *left = a, *right = b;

	return left->counter < right->counter ? 1 : left->counter > right->counter ? -1 : 0;
}

static int parse_releases(struct release_index *index, const char *what, struct failure *failure)
{
	json_t *releases;
	int r = index_member_list(index->document, "releases", JSON_REQUIRED, INDEX_RELEASES_MAX,
				  what, &releases, failure);

	if (r < 0)
		return r;
	index->releases = calloc(json_array_size(releases) + 1, sizeof(*index->releases));
	if (!index->releases)
		return fail_memory(failure);
	for (size_t i = 0; i < json_array_size(releases); i++) {
		char place[PLACE_SIZE];

		snprintf(place, sizeof(place), "%.120s: releases[%zu]", what, i);
		r = parse_release(json_array_get(releases, i), index->hardware_id, place,
				  &index->releases[index->release_count++], failure);
		if (r < 0)
			return r;
	}
	qsort(index->releases, index->release_count, sizeof(*index->releases), compare_releases);
	for (size_t i = 1; i < index->release_count; i++)
		if (index->releases[i].counter == index->releases[i - 1].counter)
			return fail(failure, REASON_MALFORMED,
				    "%s: two releases have the counter %" PRId64 ".", what,
				    index->releases[i].counter);
	return 0;
}

static int parse_history(struct release_index *index, const char *what, struct failure *failure)
{
	const char *version;
	json_t *history, *counter;
	int r = json_member(index->document, "history", JSON_OBJECT, JSON_OPTIONAL, what, &history,
			    failure);

	if (r < 0 || !history)
		return r;
	if (json_object_size(history) > INDEX_HISTORY_MAX)
		return fail(failure, REASON_MALFORMED, "%s: \"history\" has more than %d entries.",
			    what, INDEX_HISTORY_MAX);
	json_object_foreach(history, version, counter)
		if (!json_is_integer(counter) || json_integer_value(counter) < 1)
			return fail(
				failure, REASON_MALFORMED,
				"%s: \"history\" must give a counter from 1 on for version %.32s.",
				what, version);
	index->history = history;
	return 0;
}

/* A floor above everything that is offered would leave a device with nothing to install. */
static int parse_floor(struct release_index *index, const char *what, struct failure *failure)
{
	int r = json_member_integer(index->document, "floor", JSON_OPTIONAL, 0, JSON_INTEGER_MAX,
				    what, &index->floor, failure);

	if (r >= 0 && index->floor > 0 &&
	    (index->release_count == 0 || index->floor > index->releases[0].counter))
		return fail(failure, REASON_MALFORMED,
			    "%s: \"floor\" is %" PRId64
			    ", above the newest release; it must not be.",
			    what, index->floor);
	return r;
}

static int parse_identity(struct release_index *index, const char *hardware_id, const char *what,
			  struct failure *failure)
{
	int64_t format;
	int r = json_member_integer(index->document, "format", JSON_REQUIRED, 0, JSON_INTEGER_MAX,
				    what, &format, failure);

	if (r < 0)
		return r;
	if (format != INDEX_FORMAT)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"format\" is %" PRId64
			    ", this version of fwslot knows %d; update fwslot first.",
			    what, format, INDEX_FORMAT);
	r = json_member_string(index->document, "hardware-id", JSON_REQUIRED, what,
			       &index->hardware_id, failure);
	if (r < 0)
		return r;
	if (strcmp(index->hardware_id, hardware_id) != 0)
		return fail(failure, REASON_INCOMPATIBLE, "%s says it is for %.100s, not for %s.",
			    what, index->hardware_id, hardware_id);
	return 0;
}

int index_parse(const char *bytes, size_t size, const char *hardware_id, struct release_index **ret,
		struct failure *failure)
{
	_cleanup_index_ struct release_index *index = calloc(1, sizeof(*index));
	_cleanup_free_ char *what = NULL;
	int r;

	if (!index || asprintf(&what, "%s/index.json", hardware_id) < 0)
		return fail_memory(failure);
	if (size > INDEX_BYTES_MAX)
		return fail(failure, REASON_TOO_LARGE, "%s has %zu bytes; an index may have %d.",
			    what, size, INDEX_BYTES_MAX);
	r = json_load_strict(bytes, size, what, &index->document, failure);
	if (r >= 0)
		r = parse_identity(index, hardware_id, what, failure);
	if (r >= 0)
		r = parse_releases(index, what, failure);
	if (r >= 0)
		r = parse_floor(index, what, failure);
	if (r >= 0)
		r = parse_history(index, what, failure);
	if (r >= 0)
		r = parse_day(index->document, "support-ends", what, &index->support_ends, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(index);
	return 0;
}

void index_free(struct release_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->release_count; i++) {
		for (size_t j = 0; j < index->releases[i].slot_count; j++)
			free(index->releases[i].slots[j].deltas);
		free(index->releases[i].slots);
		free(index->releases[i].requirements);
		free(index->releases[i].rollout);
	}
	free(index->releases);
	json_decref(index->document);
	free(index);
}

int64_t index_counter_of(const struct release_index *index, const char *version)
{
	for (size_t i = 0; i < index->release_count; i++)
		if (strcmp(index->releases[i].version, version) == 0)
			return index->releases[i].counter;
	return json_integer_value(json_object_get(index->history, version));
}

const char *index_note(const struct index_release *release, const char *locale)
{
	const char *note = json_string_value(json_object_get(release->notes, locale));
	void *first;

	if (!note)
		note = json_string_value(json_object_get(release->notes, "en"));
	if (note || !release->notes)
		return note;
	first = json_object_iter((json_t *)release->notes);
	return first ? json_string_value(json_object_iter_value(first)) : NULL;
}
