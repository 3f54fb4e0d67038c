/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is offered to a device by itself, and why: one table of rules, asked for each update source in the order of
 * their names. The first source that no rule stands against is the one; the same rows explain it to people.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/sources.h"
#include "engine/updates.h"
#include "engine/versions.h"

struct offer_situation {
	const struct manager *manager;
	const struct source *source;
	const struct update *update; /* NULL: it was not asked about the device yet */
	const struct device *device;
	const struct update *earlier; /* offered by a source before; NULL: none */
};

struct offer_rule {
	const char *name;
	bool (*allows)(const struct offer_situation *s);
	const char *yes, *no; /* sentences */
	/* What is known beyond @no; NULL: nothing. */
	const char *(*details)(const struct offer_situation *s);
	bool tells_always; /* the details, also beyond @yes */
};

static bool is_asked(const struct offer_situation *s)
{
	return !s->source->mistake && s->source->conf.is_enabled;
}

static const char *mistake(const struct offer_situation *s)
{
	return s->source->mistake;
}

static bool has_answered(const struct offer_situation *s)
{
	return s->update;
}

static const char *last_failure(const struct offer_situation *s)
{
	return s->source->message;
}

static bool has_release(const struct offer_situation *s)
{
	return s->update->record.reason == REASON_OK;
}

static const char *why_none(const struct offer_situation *s)
{
	return s->update->record.message;
}

/* Also where nothing is: the source was asked for that version. */
static bool is_not_pinned_elsewhere(const struct offer_situation *s)
{
	return s->update->record.reason != REASON_OK ||
	       versions_verdict(s->manager, s->device->id, s->update->record.version) !=
		       REASON_PINNED;
}

static const char *pin(const struct offer_situation *s)
{
	return versions_pin(s->manager, s->device->id);
}

static bool is_not_skipped(const struct offer_situation *s)
{
	return versions_verdict(s->manager, s->device->id, s->update->record.version) !=
	       REASON_SKIPPED;
}

static const char *version(const struct offer_situation *s)
{
	return s->update->record.version;
}

static bool is_rolled_out(const struct offer_situation *s)
{
	return s->update->record.is_in_rollout;
}

static bool has_not_failed(const struct offer_situation *s)
{
	return !s->update->has_failed;
}

/* The device may have been updated since it was asked about. */
static bool is_newer(const struct offer_situation *s)
{
	const struct offer_record *record = &s->update->record;
	uint64_t counter = device_installed_counter(s->device);

	return strcmp(record->version, device_running_version(s->device)) != 0 &&
	       (counter == 0 || record->counter > counter);
}

static bool is_first(const struct offer_situation *s)
{
	return !s->earlier;
}

static const char *earlier_source(const struct offer_situation *s)
{
	return s->earlier->record.remote;
}

static const struct offer_rule rules[] = {
	{ "enabled", is_asked, "The update source is asked.", "The update source is not asked.",
	  mistake, false },
	{ "asked", has_answered, "It was asked about this device.",
	  "It was not asked about this device yet, or did not answer.", last_failure, false },
	{ "pinned", is_not_pinned_elsewhere,
	  "The device is not pinned, or this is about the version to which it is.",
	  "The device is pinned to another version.", pin, true },
	{ "release", has_release, "It has a release for this device.",
	  "It has no release for this device now.", why_none, false },
	{ "skipped", is_not_skipped, "That version is not to be skipped on this device.",
	  "That version is to be skipped on this device.", version, false },
	{ "newer", is_newer, "The release is newer than what runs.",
	  "What runs is this release, or a newer one.", NULL, false },
	{ "rollout", is_rolled_out, "The vendor has rolled it out to this device.",
	  "The vendor rolls it out step by step, and this device's turn comes later.", NULL,
	  false },
	{ "failed-before", has_not_failed, "It was not taken back from this device before.",
	  "Exactly this image was taken back from this device before.", NULL, false },
	{ "first", is_first, "No source before it offers anything.",
	  "An update source with an earlier name offers something already.", earlier_source,
	  false },
};

/* The first rule that stands against it; NULL: none. */
static const struct offer_rule *refusal(const struct offer_situation *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!rules[i].allows(s))
			return &rules[i];
	return NULL;
}

static const struct update *answer_of(const struct manager *manager, const char *source,
				      const char *device_id)
{
	for (const struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device_id) == 0 &&
		    strcmp(update->record.remote, source) == 0)
			return update;
	return NULL;
}

static struct offer_situation situation_of(struct manager *manager, size_t number,
					   const struct device *device,
					   const struct update *earlier)
{
	const struct source *source = &manager->sources[number];

	return (struct offer_situation){ manager, source,
					 answer_of(manager, source->name, device->id), device,
					 earlier };
}

const struct update *manager_update_of(struct manager *manager, const struct device *device)
{
	for (size_t i = 0; i < manager->source_count; i++) {
		struct offer_situation s = situation_of(manager, i, device, NULL);

		if (!refusal(&s))
			return s.update;
	}
	return NULL;
}

/* Each rule up to the first that refuses: what follows was not asked. */
static int explain_source(const struct offer_situation *s,
			  int (*row)(const struct explanation *row, void *userdata), void *userdata)
{
	const struct offer_rule *against = refusal(s);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rules); i++) {
		bool refuses = &rules[i] == against;
		bool tells = rules[i].details && (refuses || rules[i].tells_always);
		const char *details = tells ? rules[i].details(s) : NULL;

		r = row(&(struct explanation){ .source = s->source->name,
					       .rule = rules[i].name,
					       .allows = !refuses,
					       .sentence = refuses ? rules[i].no : rules[i].yes,
					       .details = details ? details : "" },
			userdata);
		if (refuses)
			break;
	}
	return r;
}

int manager_explain(struct manager *manager, const struct device *device,
		    int (*row)(const struct explanation *row, void *userdata), void *userdata)
{
	const struct update *earlier = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < manager->source_count; i++) {
		struct offer_situation s = situation_of(manager, i, device, earlier);

		r = explain_source(&s, row, userdata);
		if (!earlier && !refusal(&s))
			earlier = s.update;
	}
	return r;
}
