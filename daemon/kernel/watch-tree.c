// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Devices in a folder of plain files that stands in for sysfs (FWSLOT_SYSFS), where no udev and no
 * netlink can tell. Used by tests; a system's daemon never comes here.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "kernel/device.h"
#include "kernel/watch.h"

struct watch_tree {
	const struct watch_events *events;
	void *userdata;
	char folder[PATH_MAX - NAME_MAX]; /* ROOT/class/fwslot */
	sd_event *event;
	sd_event_source *links; /* devices coming and going */
	sd_event_source *uevents[KERNEL_DEVICES_MAX]; /* each one's file "uevent" */
};

/* The index is told by the source's place in the array. */
static int on_uevent_written(sd_event_source *source, _unused_ const struct inotify_event *change,
			     void *userdata)
{
	struct watch_tree *watch = userdata;

	for (unsigned index = 0; index < KERNEL_DEVICES_MAX; index++)
		if (watch->uevents[index] == source)
			watch->events->changed(index, watch->userdata);
	return 0;
}

static void appear(struct watch_tree *watch, unsigned index)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/fwslot%u/uevent", watch->folder, index);
	sd_event_source_disable_unref(watch->uevents[index]);
	watch->uevents[index] = NULL;
	(void)sd_event_add_inotify(watch->event, &watch->uevents[index], path, IN_CLOSE_WRITE,
				   on_uevent_written, watch);
	watch->events->appeared(index, watch->userdata);
}

static void vanish(struct watch_tree *watch, unsigned index)
{
	watch->uevents[index] = sd_event_source_disable_unref(watch->uevents[index]);
	watch->events->vanished(index, watch->userdata);
}

static int on_link(_unused_ sd_event_source *source, const struct inotify_event *change,
		   void *userdata)
{
	struct watch_tree *watch = userdata;
	unsigned index;

	if (!change->len || watch_parse_name(change->name, &index) < 0)
		return 0;
	if (change->mask & (IN_CREATE | IN_MOVED_TO))
		appear(watch, index);
	else
		vanish(watch, index);
	return 0;
}

int watch_tree_new(sd_event *event, const struct watch_events *events, void *userdata,
		   struct watch_tree **ret)
{
	_cleanup_(watch_tree_freep) struct watch_tree *watch = NULL;
	int r;

	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->events = events;
	watch->userdata = userdata;
	watch->event = sd_event_ref(event);
	r = snprintf(watch->folder, sizeof(watch->folder), "%s/class/fwslot", kernel_sysfs_root());
	if (r < 0 || (size_t)r >= sizeof(watch->folder))
		return -ENAMETOOLONG;

	r = sd_event_add_inotify(event, &watch->links, watch->folder,
				 IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM, on_link,
				 watch);
	if (r < 0 && r != -ENOENT) /* no such class: a kernel without the module */
		return r;
	*ret = TAKE_PTR(watch);
	return 0;
}

int watch_tree_enumerate(struct watch_tree *watch)
{
	DIR *folder = opendir(watch->folder);

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		unsigned index;

		if (watch_parse_name(entry->d_name, &index) >= 0)
			appear(watch, index);
	}
	closedir(folder);
	return 0;
}

struct watch_tree *watch_tree_free(struct watch_tree *watch)
{
	if (!watch)
		return NULL;
	sd_event_source_disable_unref(watch->links);
	for (unsigned index = 0; index < KERNEL_DEVICES_MAX; index++)
		sd_event_source_disable_unref(watch->uevents[index]);
	sd_event_unref(watch->event);
	free(watch);
	return NULL;
}
