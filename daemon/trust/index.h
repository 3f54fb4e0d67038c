/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The index of a hardware id: the TUF target <hardware id>/index.json, in which a
 * vendor says what to install on which device. It is authenticated before it comes
 * here; this is about form. Order is the integer counter, never the version text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/reason.h"
#include "base/time.h"

#define INDEX_FORMAT 1
#define INDEX_DELTA_METHOD "zstd-prefix"

enum urgency {
	URGENCY_LOW,
	URGENCY_MEDIUM,
	URGENCY_HIGH,
	URGENCY_CRITICAL,
	_URGENCY_COUNT,
	_URGENCY_INVALID = -1,
};

/* The words of AppStream: "low", "medium", "high", "critical". */
const char *urgency_word(enum urgency urgency);
enum urgency urgency_from_word(const char *word);

/* The same image as the difference to another one (delta/delta.h), method "zstd-prefix". */
struct index_delta {
	const char *path; /* target path, below the same vendor */
	uint64_t base_length;
	uint8_t base_sha256[SHA256_BYTES];
};

/* The image of one slot. All text is borrowed from the index. */
struct index_slot {
	const char *label; /* NULL: for whichever slot is written */
	const char *path; /* target path, below the same vendor as the index */
	struct index_delta *deltas;
	size_t delta_count;
};

/* What another device must run first. */
struct index_requirement {
	const char *hardware_id;
	const char *slot; /* NULL: any */
	int64_t min_counter;
	bool is_if_present; /* no such device: fulfilled */
};

/* From @at on, @permille of the devices are offered the release. */
struct index_rollout {
	usec_t at;
	unsigned int permille;
};

struct index_release {
	int64_t counter; /* 1...: decides order */
	const char *version;
	usec_t date; /* 0: not said */
	enum urgency urgency;
	int64_t min_counter; /* what must be installed before; 0: anything */
	struct index_slot *slots;
	size_t slot_count; /* 1... */
	struct index_requirement *requirements;
	size_t requirement_count;
	struct index_rollout *rollout; /* in order of time; none: everybody */
	size_t rollout_count;
	const json_t *notes; /* locale to text, or NULL */
};

struct release_index {
	json_t *document;
	const char *hardware_id;
	int64_t floor; /* never install below this counter; 0: none */
	usec_t support_ends; /* 0: not said */
	const json_t *history;
	struct index_release *releases; /* highest counter first */
	size_t release_count;
};

/*
 * Parses an index that was found as @hardware_id/index.json. Unknown members are
 * skipped, but an unknown format or an unknown member of "requires" is refused: it
 * could forbid what we would do. Incompatible: it says it is for other hardware.
 */
_warn_unused_ int index_parse(const char *bytes, size_t size, const char *hardware_id,
			      struct release_index **ret, struct failure *failure);
void index_free(struct release_index *index);
DEFINE_CLEANUP(struct release_index, index_free)
#define _cleanup_index_ _cleanup_(index_freep)

/* The counter of a version, from releases and history; 0: unknown. */
int64_t index_counter_of(const struct release_index *index, const char *version);

/* The note in @locale ("de"), else in English, else the first; NULL: none. */
const char *index_note(const struct index_release *release, const char *locale);
