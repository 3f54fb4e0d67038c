/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl list, show: what there is, and everything about one device. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/client.h"
#include "ctl/support.h"
#include "ctl/table.h"
#include "ctl/terminal.h"

#define DEVICE_INTERFACE "org.fwslot1.Device"
#define SLOT_INTERFACE "org.fwslot1.Slot"

/* Columns of the list below that are looked at. */
#define ID_COLUMN 0
#define PATH_COLUMN 6
#define ENDS_COLUMN 7
#define SUPPORT_COLUMN 8

/* What a person should know although he did not ask: below the table. */
static void warn_of_ends(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)rows, i, row) {
		const char *state = json_string_value(json_array_get(row, SUPPORT_COLUMN));
		_cleanup_free_ char *sentence = NULL;

		if (!state || (strcmp(state, "ending") != 0 && strcmp(state, "ended") != 0))
			continue;
		sentence = support_sentence(
			(uint64_t)json_integer_value(json_array_get(row, ENDS_COLUMN)), state,
			time_now_realtime());
		if (sentence)
			printf("%s: %s\n", json_string_value(json_array_get(row, ID_COLUMN)),
			       sentence);
	}
}

static int list(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "id", "DEVICE", CELL_TEXT },	      { "name", "NAME", CELL_TEXT },
		{ "version", "VERSION", CELL_TEXT },  { "available", "AVAILABLE", CELL_TEXT },
		{ "state", "STATE", CELL_STATE },     { "postponed_until_usec", NULL, CELL_TIME },
		{ "path", NULL, CELL_TEXT },	      { "support_ends_usec", NULL, CELL_TIME },
		{ "support_state", NULL, CELL_TEXT },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_value_ json_t *rows = NULL;
	int status = client_call(ctl, "ListDevices", &reply, "t", UINT64_C(0));
	json_t *row;
	size_t i;

	if (status != 0)
		return status;
	rows = values_read(reply);
	json_array_foreach(rows, i, row)
		support_append(ctl, json_string_value(json_array_get(row, PATH_COLUMN)), row);
	status = table_show(ctl, rows, columns, ARRAY_SIZE(columns),
			    "No device is attached that fwslot knows. \"fwslotctl doctor\" looks "
			    "whether something is missing.");
	if (status == 0 && !(ctl->options & CTL_JSON))
		warn_of_ends(rows);
	return status;
}

const struct verb verb_list = {
	.name = "list",
	.synopsis = "",
	.summary = "devices, what they run, how they are",
	.help = "",
	.options = CTL_JSON,
	.run = list,
};

/* Properties of a device in the order in which a person asks for them. */
static const struct {
	const char *key, *label;
	enum cell cell;
} facts[] = {
	{ "Name", "Name", CELL_TEXT },
	{ "HardwareId", "Hardware", CELL_TEXT },
	{ "Serial", "Serial number", CELL_TEXT },
	{ "Provider", "Provider", CELL_TEXT },
	{ "State", "State", CELL_STATE },
	{ "Problem", "Problem", CELL_TEXT },
	{ "Version", "Version", CELL_TEXT },
	{ "RevertVersion", "Can go back to", CELL_TEXT },
	{ "TrialEndUSec", "Trial ends", CELL_TIME },
	{ "Policy", "Policy", CELL_TEXT },
	{ "PinnedVersion", "Pinned to", CELL_TEXT },
	{ "SkippedVersions", "Skipped", CELL_TEXT },
	{ "NotBeforeUSec", "Installed from", CELL_TIME },
	{ "PostponedUntilUSec", "Postponed until", CELL_TIME },
	{ "Blockers", "Waits for", CELL_TEXT },
	{ "BootState", "Boots", CELL_STATE },
	{ "BootCount", "Boots counted", CELL_NUMBER },
	{ "BootAttempts", "Attempts used", CELL_NUMBER },
	{ "BootLimit", "Attempts at most", CELL_NUMBER },
	{ "LastRestartReason", "Last restart", CELL_TEXT },
};

/* Nothing to say: an empty text or list, a time that is not, a number nobody counts. */
static bool is_void(const json_t *value)
{
	return !value || (json_is_string(value) && !json_string_value(value)[0]) ||
	       (json_is_integer(value) && json_integer_value(value) == 0) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

static void print_fact(const char *label, enum cell cell, const json_t *value)
{
	printf("%*s: ", 18, label);
	if (cell == CELL_TIME) {
		_cleanup_free_ char *text =
			terminal_time((uint64_t)json_integer_value(value), time_now_realtime());

		puts(text ?: "?");
	} else if (json_is_array(value)) {
		json_t *word;
		size_t i;

		json_array_foreach(value, i, word)
			printf("%s%s", i > 0 ? ", " : "", json_string_value(word) ?: "?");
		putchar('\n');
	} else if (json_is_integer(value)) {
		printf("%lld\n", (long long)json_integer_value(value));
	} else {
		const char *text = json_string_value(value) ?: "";

		if (cell == CELL_STATE)
			terminal_put_state(text, terminal_text_width(text));
		else
			terminal_put(text, terminal_text_width(text), false);
		putchar('\n');
	}
}

static json_t *read_object(struct ctl *ctl, const char *path, const char *interface, int *status)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	json_t *object;

	*status = client_get_all(ctl, path, interface, &reply);
	if (*status != 0)
		return NULL;
	object = values_read(reply);
	if (!object)
		*status = ctl_fail(ctl, "The daemon's answer cannot be read.");
	return object;
}

static const struct column slot_columns[] = {
	{ "Index", "SLOT", CELL_NUMBER },    { "Label", "LABEL", CELL_TEXT },
	{ "Version", "VERSION", CELL_TEXT }, { "State", "STATE", CELL_STATE },
	{ "Status", "STATUS", CELL_TEXT },   { "ImageSize", "IMAGE", CELL_BYTES },
	{ "Size", "SIZE", CELL_BYTES },
};

/* The slots as rows of the columns above; and whole objects in @objects. */
static int read_slots(struct ctl *ctl, const json_t *paths, json_t *rows, json_t *objects)
{
	size_t i;
	json_t *path;

	json_array_foreach(paths, i, path) {
		json_t *row = json_array();
		int status;
		_cleanup_value_ json_t *slot =
			read_object(ctl, json_string_value(path), SLOT_INTERFACE, &status);

		if (!slot) {
			json_decref(row);
			return status;
		}
		for (size_t c = 0; c < ARRAY_SIZE(slot_columns); c++)
			(void)json_array_append(row, json_object_get(slot, slot_columns[c].key));
		(void)json_array_append_new(rows, row);
		(void)json_array_append(objects, slot);
	}
	return 0;
}

static int show(struct ctl *ctl)
{
	_cleanup_value_ json_t *rows = json_array(), *slots = json_array(), *device = NULL;
	_cleanup_free_ char *path = NULL, *sentence = NULL;
	int status = client_find_device(ctl, ctl->arguments[0], &path);

	if (status == 0)
		device = read_object(ctl, path, DEVICE_INTERFACE, &status);
	if (status == 0)
		status = read_slots(ctl, json_object_get(device, "Slots"), rows, slots);
	if (status != 0)
		return status;
	if (ctl->options & CTL_JSON) {
		(void)json_object_set(device, "Slots", slots);
		values_print(device);
		return CTL_EXIT_OK;
	}
	printf("%*s: %s\n", 18, "Device", ctl->arguments[0]);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		const json_t *value = json_object_get(device, facts[i].key);

		if (!is_void(value))
			print_fact(facts[i].label, facts[i].cell, value);
	}
	sentence = support_sentence(
		(uint64_t)json_integer_value(json_object_get(device, "SupportEndsUSec")),
		json_string_value(json_object_get(device, "SupportState")), time_now_realtime());
	if (sentence)
		printf("\n%s\n", sentence);
	putchar('\n');
	return table_show(ctl, rows, slot_columns, ARRAY_SIZE(slot_columns), "It shows no slots.");
}

const struct verb verb_show = {
	.name = "show",
	.synopsis = "DEVICE",
	.summary = "everything about one device and its slots",
	.help = "",
	.count_min = 1,
	.count_max = 1,
	.options = CTL_JSON,
	.run = show,
};
