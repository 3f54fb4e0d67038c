/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules by which a release is for a device or is not. What the file holds is offer.c's. */
#include "trust/select.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A rule fails (and says why) if it forbids the release. */
typedef int (*rule_t)(const struct index_release *release, const struct device_request *request,
		      const struct selection *selection, struct failure *failure);

static int rule_floor(const struct index_release *release,
		      const struct device_request *request _unused_,
		      const struct selection *selection, struct failure *failure)
{
	if (release->counter >= selection->floor)
		return 0;
	return fail(failure, REASON_BELOW_FLOOR,
		    "Version %s (counter %" PRId64 ") is below the floor %" PRId64
		    " of this device: its vendor forbids to go back that far.",
		    release->version, release->counter, selection->floor);
}

static int rule_newer(const struct index_release *release, const struct device_request *request,
		      const struct selection *selection, struct failure *failure)
{
	if (selection->installed_counter == 0 || release->counter > selection->installed_counter)
		return 0;
	if (release->counter == selection->installed_counter)
		return request->allow_reinstall ?
			       0 :
			       fail(failure, REASON_ALREADY_INSTALLED,
				    "Version %s is already installed.", release->version);
	if (request->allow_downgrade)
		return 0;
	return fail(failure, REASON_DOWNGRADE,
		    "Version %s (counter %" PRId64
		    ") is older than the installed one (counter %" PRId64
		    "). Going back must be asked for.",
		    release->version, release->counter, selection->installed_counter);
}

/* A version that the index does not know is older than its history: stepping stones apply. */
static int rule_min_counter(const struct index_release *release,
			    const struct device_request *request _unused_,
			    const struct selection *selection, struct failure *failure)
{
	if (selection->installed_counter >= release->min_counter)
		return 0;
	return fail(failure, REASON_MIN_COUNTER,
		    "Version %s needs a firmware with counter %" PRId64
		    " or newer installed first; installed is %" PRId64 " (0: unknown).",
		    release->version, release->min_counter, selection->installed_counter);
}

static bool is_item_of(const struct inventory_item *item,
		       const struct index_requirement *requirement)
{
	return strcmp(item->hardware_id, requirement->hardware_id) == 0 &&
	       (!requirement->slot || strcmp(item->slot, requirement->slot) == 0);
}

/* Every device it speaks of must be new enough; one must be there unless "if-present". */
static int check_requirement(const struct index_requirement *requirement,
			     const struct device_request *request, const char *version,
			     struct failure *failure)
{
	size_t present = 0;

	for (size_t i = 0; i < request->inventory_count; i++) {
		const struct inventory_item *item = &request->inventory[i];

		if (!is_item_of(item, requirement))
			continue;
		present++;
		if (item->counter < requirement->min_counter)
			return fail(failure, REASON_REQUIRES,
				    "Version %s needs %s to run counter %" PRId64
				    " or newer; it runs %" PRId64 ". Update that device first.",
				    version, requirement->hardware_id, requirement->min_counter,
				    item->counter);
	}
	if (present > 0 || requirement->is_if_present)
		return 0;
	return fail(failure, REASON_REQUIRES, "Version %s needs a device %s, and there is none.",
		    version, requirement->hardware_id);
}

static int rule_requires(const struct index_release *release, const struct device_request *request,
			 const struct selection *selection _unused_, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < release->requirement_count; i++)
		r = check_requirement(&release->requirements[i], request, release->version,
				      failure);
	return r;
}

/* The image for the slot the device prefers; an image without a label is for any slot. */
static const struct index_slot *find_slot(const struct index_release *release,
					  const struct device_request *request)
{
	for (size_t i = 0; i < request->slot_label_count; i++)
		for (size_t j = 0; j < release->slot_count; j++)
			if (release->slots[j].label &&
			    strcmp(release->slots[j].label, request->slot_labels[i]) == 0)
				return &release->slots[j];
	for (size_t j = 0; j < release->slot_count; j++)
		if (!release->slots[j].label)
			return &release->slots[j];
	return NULL;
}

static int rule_slot(const struct index_release *release, const struct device_request *request,
		     const struct selection *selection _unused_, struct failure *failure)
{
	if (find_slot(release, request))
		return 0;
	return fail(
		failure, REASON_NO_SUCH_SLOT,
		"Version %s has an image for slot \"%s\", which this device does not have or cannot write.",
		release->version, release->slots[0].label);
}

/* In the order in which the first refusal is the most useful answer. */
static const rule_t rules[] = {
	rule_floor, rule_newer, rule_min_counter, rule_requires, rule_slot,
};

static int check_release(const struct index_release *release, const struct device_request *request,
			 const struct selection *selection, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rules); i++)
		r = rules[i](release, request, selection, failure);
	return r;
}

static bool is_wanted(const struct index_release *release, const struct device_request *request)
{
	return !request->want_version || strcmp(request->want_version, release->version) == 0;
}

int release_select(const struct release_index *index, const struct device_request *request,
		   struct selection *ret, struct failure *failure)
{
	struct selection selection = {
		.installed_counter = request->installed_counter,
		.floor = index->floor > request->floor ? index->floor : request->floor,
	};
	int first_error = 0;

	if (selection.installed_counter == 0 && request->installed_version)
		selection.installed_counter = index_counter_of(index, request->installed_version);
	for (size_t i = 0; i < index->release_count; i++) {
		const struct index_release *release = &index->releases[i];
		int r;

		if (!is_wanted(release, request))
			continue;
		/* The first failure stays in @failure: that of the newest release. */
		r = check_release(release, request, &selection, failure);
		if (r >= 0) {
			if (failure)
				failure_clear(failure);
			selection.release = release;
			selection.slot = find_slot(release, request);
			*ret = selection;
			return 0;
		}
		if (first_error == 0)
			first_error = r;
	}
	if (first_error < 0)
		return first_error;
	if (request->want_version)
		return fail(failure, REASON_NO_SUCH_TARGET, "Version %s is not offered for %s.",
			    request->want_version, index->hardware_id);
	return fail(failure, REASON_NO_SUCH_TARGET, "The index of %s offers no release.",
		    index->hardware_id);
}
