// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registers the interfaces: which paths have which, how sd-bus finds and lists the objects behind
 * them, and the same table again for printing introspection without a bus.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "bus/objects.h"
#include "bus/update.h"

static int find_device(_unused_ sd_bus *connection, const char *path,
		       _unused_ const char *interface, void *userdata, void **ret_found,
		       _unused_ sd_bus_error *error)
{
	*ret_found = bus_find_device(userdata, path);
	return *ret_found ? 1 : 0;
}

static int find_slot(_unused_ sd_bus *connection, const char *path, _unused_ const char *interface,
		     void *userdata, void **ret_found, _unused_ sd_bus_error *error)
{
	*ret_found = bus_find_slot(userdata, path);
	return *ret_found ? 1 : 0;
}

static int find_job(_unused_ sd_bus *connection, const char *path, _unused_ const char *interface,
		    void *userdata, void **ret_found, _unused_ sd_bus_error *error)
{
	*ret_found = bus_find_job(userdata, path);
	return *ret_found ? 1 : 0;
}

static int find_update(_unused_ sd_bus *connection, const char *path,
		       _unused_ const char *interface, void *userdata, void **ret_found,
		       _unused_ sd_bus_error *error)
{
	*ret_found = bus_find_update(userdata, path);
	return *ret_found ? 1 : 0;
}

/* Interfaces of objects that come and go. @example is the object's kind in bus_introspect(). */
static const struct fallback {
	const char *prefix, *interface, *example;
	const sd_bus_vtable *vtable;
	sd_bus_object_find_t find;
} fallbacks[] = {
	{ DEVICE_PREFIX, DEVICE_INTERFACE, DEVICE_PREFIX "/ID", device_vtable, find_device },
	{ DEVICE_PREFIX, SLOT_INTERFACE, DEVICE_PREFIX "/ID/slot/_0", slot_vtable, find_slot },
	{ JOB_PREFIX, JOB_INTERFACE, JOB_PREFIX "/_1", job_vtable, find_job },
	{ UPDATE_PREFIX, UPDATE_INTERFACE, UPDATE_PREFIX "/ID", update_vtable, find_update },
};

/* Adds a copy of @path to a growing list that ends with NULL; sd-bus frees it. */
static int add_path(char ***paths, size_t *count, const char *path)
{
	char **longer = realloc(*paths, (*count + 2) * sizeof(**paths));

	if (!longer)
		return -ENOMEM;
	*paths = longer;
	longer[*count] = strdup(path);
	if (!longer[*count])
		return -ENOMEM;
	longer[++*count] = NULL;
	return 0;
}

static void free_paths(char **paths)
{
	for (char **path = paths; path && *path; path++)
		free(*path);
	free(paths);
}

static int list_devices(_unused_ sd_bus *connection, _unused_ const char *prefix, void *userdata,
			char ***ret_nodes, _unused_ sd_bus_error *error)
{
	struct bus *bus = userdata;
	char **paths = NULL;
	size_t count = 0;
	int r = 0;

	for (struct bus_device *device = bus->devices; device && r >= 0; device = device->next) {
		r = add_path(&paths, &count, device->path);
		for (unsigned i = 0; i < device->num_slots && r >= 0; i++) {
			char path[OBJECT_PATH_MAX];

			slot_path(device->id, i, path);
			r = add_path(&paths, &count, path);
		}
	}
	if (r < 0) {
		free_paths(paths);
		return r;
	}
	*ret_nodes = paths;
	return 1;
}

static int list_jobs(_unused_ sd_bus *connection, _unused_ const char *prefix, void *userdata,
		     char ***ret_nodes, _unused_ sd_bus_error *error)
{
	struct bus *bus = userdata;
	char **paths = NULL;
	size_t count = 0;

	for (struct bus_job *job = bus->jobs; job; job = job->next) {
		int r = add_path(&paths, &count, job->path);

		if (r < 0) {
			free_paths(paths);
			return r;
		}
	}
	*ret_nodes = paths;
	return 1;
}

static int list_updates(_unused_ sd_bus *connection, _unused_ const char *prefix, void *userdata,
			char ***ret_nodes, _unused_ sd_bus_error *error)
{
	struct bus *bus = userdata;
	char **paths = NULL;
	size_t count = 0;

	for (struct bus_update *update = bus->updates; update; update = update->next) {
		int r = add_path(&paths, &count, update->path);

		if (r < 0) {
			free_paths(paths);
			return r;
		}
	}
	*ret_nodes = paths;
	return 1;
}

int bus_export(struct bus *bus)
{
	int r = sd_bus_add_object_manager(bus->bus, NULL, BUS_ROOT_PATH);

	if (r < 0)
		return r;
	r = sd_bus_add_object_vtable(bus->bus, NULL, BUS_ROOT_PATH, MANAGER_INTERFACE,
				     manager_vtable, bus);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(fallbacks); i++) {
		r = sd_bus_add_fallback_vtable(bus->bus, NULL, fallbacks[i].prefix,
					       fallbacks[i].interface, fallbacks[i].vtable,
					       fallbacks[i].find, bus);
		if (r < 0)
			return r;
	}
	r = sd_bus_add_node_enumerator(bus->bus, NULL, DEVICE_PREFIX, list_devices, bus);
	if (r < 0)
		return r;
	r = sd_bus_add_node_enumerator(bus->bus, NULL, JOB_PREFIX, list_jobs, bus);
	if (r < 0)
		return r;
	r = sd_bus_add_node_enumerator(bus->bus, NULL, UPDATE_PREFIX, list_updates, bus);
	if (r < 0)
		return r;
	return log_control_export(bus);
}

/* Puts on @connection what a daemon has at @path, with nothing behind it. */
static int export_kind(sd_bus *connection, const char *path)
{
	static struct bus nothing;

	if (strcmp(path, BUS_ROOT_PATH) == 0) {
		int r = sd_bus_add_object_manager(connection, NULL, path);

		return r < 0 ? r :
			       sd_bus_add_object_vtable(connection, NULL, path, MANAGER_INTERFACE,
							manager_vtable, &nothing);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fallbacks); i++)
		if (strcmp(path, fallbacks[i].example) == 0)
			return sd_bus_add_object_vtable(connection, NULL, path,
							fallbacks[i].interface, fallbacks[i].vtable,
							&nothing);
	return -ENOENT;
}

/*
 * Both ends of one connection, in one thread: each is worked on until neither has anything left to
 * do.
 */
static int turn_until(sd_bus *server, sd_bus *client, const bool *is_done)
{
	while (!*is_done) {
		int served = sd_bus_process(server, NULL), called;

		if (served < 0)
			return served;
		called = sd_bus_process(client, NULL);
		if (called < 0)
			return called;
	}
	return 0;
}

struct introspection {
	FILE *out;
	bool is_done;
	int result;
};

static int on_introspected(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct introspection *introspection = userdata;
	const char *xml = NULL;

	introspection->is_done = true;
	introspection->result = -sd_bus_message_get_errno(reply);
	if (introspection->result == 0)
		introspection->result = sd_bus_message_read(reply, "s", &xml);
	if (introspection->result >= 0 && fputs(xml, introspection->out) < 0)
		introspection->result = -EIO;
	return 0;
}

static int open_end(int fd, bool is_server, sd_bus **ret)
{
	sd_bus *end = NULL;
	sd_id128_t id =
		SD_ID128_MAKE(66, 77, 73, 6c, 6f, 74, 31, 69, 6e, 74, 72, 6f, 73, 70, 65, 63);
	int r = sd_bus_new(&end);

	if (r >= 0)
		r = sd_bus_set_fd(end, fd, fd);
	if (r >= 0 && is_server)
		r = sd_bus_set_server(end, true, id);
	if (r >= 0)
		r = sd_bus_set_anonymous(end, true);
	if (r >= 0)
		r = sd_bus_start(end);
	if (r < 0) {
		sd_bus_unref(end);
		return r;
	}
	*ret = end;
	return 0;
}

int bus_introspect(const char *path, FILE *out)
{
	struct introspection introspection = { .out = out };
	sd_bus *server = NULL, *client = NULL;
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	r = open_end(ends[0], true, &server);
	if (r < 0)
		close_fd(ends[0]);
	else
		r = export_kind(server, path);
	if (r >= 0)
		r = open_end(ends[1], false, &client);
	if (!client)
		close_fd(ends[1]);
	if (r >= 0)
		r = sd_bus_call_method_async(client, NULL, NULL, path,
					     "org.freedesktop.DBus.Introspectable", "Introspect",
					     on_introspected, &introspection, NULL);
	if (r >= 0)
		r = turn_until(server, client, &introspection.is_done);
	sd_bus_flush_close_unref(client);
	sd_bus_flush_close_unref(server);
	return r < 0 ? r : introspection.result < 0 ? introspection.result : 0;
}
