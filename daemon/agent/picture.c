/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects are walked twice: devices first, then the updates they name. Properties that nobody here
 * knows are skipped, whatever their type.
 */
#include "agent/picture.h"

#include <errno.h>
#include <string.h>

#define DEVICE_INTERFACE "org.fwslot1.Device"
#define UPDATE_INTERFACE "org.fwslot1.Update"

/* Where a property goes. */
struct place {
	const char *name;
	char type;
	void *target;
};

static int set_text(char **target, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*target);
	*target = copy;
	return 0;
}

static int read_value(sd_bus_message *message, const struct place *place)
{
	const char *text;
	char signature[2] = { place->type, '\0' };
	int r = sd_bus_message_enter_container(message, 'v', signature), flag;

	if (r < 0)
		return r;
	switch (place->type) {
	case 'b':
		r = sd_bus_message_read_basic(message, 'b', &flag);
		if (r >= 0)
			*(bool *)place->target = flag;
		break;
	case 't':
		r = sd_bus_message_read_basic(message, 't', place->target);
		break;
	default:
		r = sd_bus_message_read_basic(message, place->type, &text);
		if (r >= 0)
			r = set_text(place->target, text);
		break;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* a{ss} in a variant: the line in @language, or the English one, or any. */
static int read_summary(sd_bus_message *message, const char *language, char **ret)
{
	const char *locale, *text;
	int best = 0, r = sd_bus_message_enter_container(message, 'v', "a{ss}");

	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "{ss}");
	while (r >= 0 && (r = sd_bus_message_read(message, "{ss}", &locale, &text)) > 0) {
		int match = strcmp(locale, language) == 0 ? 3 : strcmp(locale, "en") == 0 ? 2 : 1;

		if (match > best) {
			best = match;
			r = set_text(ret, text);
		}
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* a{sv} */
static int read_properties(sd_bus_message *message, const struct place *places, size_t count,
			   const char *language, char **ret_summary)
{
	const char *name;
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		size_t i = 0;

		r = sd_bus_message_read_basic(message, 's', &name);
		if (r < 0)
			break;
		while (i < count && strcmp(places[i].name, name) != 0)
			i++;
		if (i < count)
			r = read_value(message, &places[i]);
		else if (ret_summary && strcmp(name, "Summary") == 0)
			r = read_summary(message, language, ret_summary);
		else
			r = sd_bus_message_skip(message, "v");
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_device(struct picture *picture, sd_bus_message *message)
{
	struct seen_device *device = &picture->devices[picture->count];
	const struct place places[] = {
		{ "Id", 's', &device->id },
		{ "Name", 's', &device->name },
		{ "State", 's', &device->state },
		{ "Version", 's', &device->version },
		{ "Problem", 's', &device->problem },
		{ "RevertVersion", 's', &device->revert_version },
		{ "CanRevert", 'b', &device->can_revert },
		{ "TrialEndUSec", 't', &device->trial_end_usec },
		{ "NotBeforeUSec", 't', &device->not_before_usec },
		{ "Update", 'o', &device->update },
	};
	char **texts[] = { &device->id,	     &device->name,    &device->state,
			   &device->version, &device->problem, &device->revert_version,
			   &device->update,  &device->offered, &device->summary,
			   &device->urgency };

	if (picture->count == PICTURE_DEVICES_MAX)
		return sd_bus_message_skip(message, "a{sv}");
	picture->count++;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (set_text(texts[i], "") < 0)
			return -ENOMEM;
	return read_properties(message, places, ARRAY_SIZE(places), "", NULL);
}

static int read_update(struct picture *picture, const char *path, sd_bus_message *message,
		       const char *language)
{
	for (size_t i = 0; i < picture->count; i++) {
		struct seen_device *device = &picture->devices[i];

		if (strcmp(device->update, path) == 0) {
			const struct place places[] = {
				{ "Version", 's', &device->offered },
				{ "Urgency", 's', &device->urgency },
				{ "DeadlineUSec", 't', &device->deadline_usec },
			};

			return read_properties(message, places, ARRAY_SIZE(places), language,
					       &device->summary);
		}
	}
	return sd_bus_message_skip(message, "a{sv}");
}

/* Objects that have @wanted, one of the two interfaces. */
static int walk(struct picture *picture, sd_bus_message *message, const char *wanted,
		const char *language)
{
	const char *path, *interface;
	int r = sd_bus_message_enter_container(message, 'a', "{oa{sa{sv}}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "oa{sa{sv}}")) > 0) {
		r = sd_bus_message_read_basic(message, 'o', &path);
		if (r >= 0)
			r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");
		while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
			r = sd_bus_message_read_basic(message, 's', &interface);
			if (r < 0)
				break;
			if (strcmp(interface, wanted) != 0)
				r = sd_bus_message_skip(message, "a{sv}");
			else if (strcmp(wanted, DEVICE_INTERFACE) == 0)
				r = read_device(picture, message);
			else
				r = read_update(picture, path, message, language);
			if (r >= 0)
				r = sd_bus_message_exit_container(message);
		}
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

int picture_read(struct picture *picture, sd_bus_message *reply, const char *language)
{
	int r = walk(picture, reply, DEVICE_INTERFACE, language);

	if (r >= 0)
		r = sd_bus_message_rewind(reply, true);
	if (r >= 0)
		r = walk(picture, reply, UPDATE_INTERFACE, language);
	return r < 0 ? r : 0;
}

void picture_clear(struct picture *picture)
{
	for (size_t i = 0; i < picture->count; i++) {
		struct seen_device *device = &picture->devices[i];

		free(device->id);
		free(device->name);
		free(device->state);
		free(device->version);
		free(device->problem);
		free(device->revert_version);
		free(device->update);
		free(device->offered);
		free(device->summary);
		free(device->urgency);
	}
	*picture = (struct picture){ 0 };
}
