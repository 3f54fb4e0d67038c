// SPDX-License-Identifier: LGPL-2.1-or-later
/* daemon/kernel/monitor.c over a tree of plain files; and that it starts on this machine's own sysfs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel-tree.h"
#include "kernel/monitor.h"
#include "tap.h"

/* What the monitor said, as one line: "+0 ~0 -0". */
struct heard {
	char text[256];
};

static void hear(struct heard *heard, char what, unsigned index)
{
	size_t length = strlen(heard->text);

	snprintf(heard->text + length, sizeof(heard->text) - length, "%s%c%u", length ? " " : "",
		 what, index);
}

static void on_added(unsigned index, void *userdata)
{
	hear(userdata, '+', index);
}

static void on_removed(unsigned index, void *userdata)
{
	hear(userdata, '-', index);
}

static void on_changed(unsigned index, void *userdata)
{
	hear(userdata, '~', index);
}

static void on_progress(unsigned index, unsigned slot, enum kernel_status status,
			uint64_t done_bytes, uint64_t total_bytes, void *userdata)
{
	(void)slot;
	(void)status;
	(void)done_bytes;
	(void)total_bytes;
	hear(userdata, '%', index);
}

static const struct kernel_monitor_events events = { on_added, on_removed, on_changed,
						     on_progress };

/* Runs the loop until it has nothing to do, and returns what was heard since the last time. */
static const char *run(sd_event *event, struct heard *heard)
{
	static struct heard since;

	while (sd_event_run(event, 20000) > 0)
		;
	since = *heard;
	heard->text[0] = '\0';
	return since.text;
}

static void test_tree(sd_event *event)
{
	struct kernel_monitor *monitor = NULL;
	struct heard heard = {};

	tree_add_device(0, 1);
	tap_is(kernel_monitor_new(event, &events, &heard, &monitor), 0, "the monitor starts");
	tap_is_string(heard.text, "", "nothing is said before the loop runs");
	tap_is_string(run(event, &heard), "+0", "a device that was there is reported");
	tree_touch(0);
	tap_is_string(run(event, &heard), "~0", "a change is reported");
	tree_add_device(12, 2);
	tap_is_string(run(event, &heard), "+12", "a device that comes is reported");
	tree_remove_device(0);
	tap_is_string(run(event, &heard), "-0", "a device that goes is reported once");
	tree_add_device(0, 1);
	tap_is_string(run(event, &heard), "+0", "it may come back");
	tree_touch(0);
	tap_is_string(run(event, &heard), "~0", "and changes are heard again");
	tap_ok(kernel_monitor_free(monitor) == NULL, "the monitor ends");
	tree_remove_device(0);
	tap_is_string(run(event, &heard), "", "and says nothing afterwards");
}

static void test_this_machine(sd_event *event)
{
	struct kernel_monitor *monitor = NULL;
	struct heard heard = {};

	unsetenv("FWSLOT_SYSFS");
	tap_is(kernel_monitor_new(event, &events, &heard, &monitor), 0,
	       "the monitor starts on udev and netlink, with or without the module");
	run(event, &heard);
	kernel_monitor_free(monitor);
}

int main(void)
{
	sd_event *event = NULL;

	tree_make();
	if (sd_event_new(&event) < 0)
		tap_bail("no event loop");
	test_tree(event);
	test_this_machine(event);
	sd_event_unref(event);
	tree_remove();
	return tap_done();
}
