// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The machine's state, as far as it decides whether an update may begin: logind (is somebody at work, is there mains
 * power, does the machine go down or to sleep), UPower (how full the battery is), NetworkManager (is the network
 * metered). Asked only when the engine wants to know; while an update waits for it their signals are listened to. Who is
 * not there stands in no update's way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bus/objects.h"

#define LOGIND "org.freedesktop.login1"
#define UPOWER "org.freedesktop.UPower"
#define NETWORK "org.freedesktop.NetworkManager"
#define ANSWER_USEC UINT64_C(10000000)

struct world {
	struct bus *bus;
	struct policy_world seen;
	sd_bus_slot *pending[3], *matches[4];
	unsigned open; /* questions without an answer */
	bool is_asked_again;
};

typedef void (*take_property)(struct policy_world *seen, const char *name, sd_bus_message *value);

static bool read_bool(sd_bus_message *value)
{
	int is_true = 0;

	return sd_bus_message_read(value, "b", &is_true) >= 0 && is_true;
}

static void take_shutdown(struct policy_world *seen, sd_bus_message *value)
{
	const char *type = "";
	uint64_t usec = 0;

	if (sd_bus_message_read(value, "(st)", &type, &usec) >= 0 && type[0] &&
	    strncmp(type, "dry-", 4) != 0)
		seen->shutdown_usec = usec;
}

/* "0 since" and not idle: somebody is at work. */
static void take_logind(struct policy_world *seen, const char *name, sd_bus_message *value)
{
	uint64_t usec;

	if (strcmp(name, "IdleHint") == 0)
		seen->idle_since_usec = read_bool(value) ? seen->idle_since_usec :
							   POLICY_NEVER_IDLE;
	else if (strcmp(name, "IdleSinceHint") == 0 &&
		 sd_bus_message_read(value, "t", &usec) >= 0 &&
		 seen->idle_since_usec != POLICY_NEVER_IDLE)
		seen->idle_since_usec = usec;
	else if (strcmp(name, "OnExternalPower") == 0)
		seen->is_on_battery = !read_bool(value);
	else if (strcmp(name, "PreparingForShutdown") == 0)
		seen->is_shutting_down = read_bool(value);
	else if (strcmp(name, "PreparingForSleep") == 0)
		seen->is_going_to_sleep = read_bool(value);
	else if (strcmp(name, "ScheduledShutdown") == 0)
		take_shutdown(seen, value);
}

static void take_battery(struct policy_world *seen, const char *name, sd_bus_message *value)
{
	double percent;

	if (strcmp(name, "Percentage") == 0 && sd_bus_message_read(value, "d", &percent) >= 0 &&
	    percent > 0 && percent <= 100)
		seen->battery_percent = (unsigned)percent;
}

static void take_network(struct policy_world *seen, const char *name, sd_bus_message *value)
{
	uint32_t metered;

	/* NMMetered: 1 yes, 3 guessed yes */
	if (strcmp(name, "Metered") == 0 && sd_bus_message_read(value, "u", &metered) >= 0)
		seen->is_metered = metered == 1 || metered == 3;
}

/* What is read of one property: the signature it has to have, else it is passed over. */
static const struct wanted {
	const char *name, *signature;
} wanted[] = {
	{ "IdleHint", "b" },	      { "IdleSinceHint", "t" },
	{ "OnExternalPower", "b" },   { "PreparingForShutdown", "b" },
	{ "PreparingForSleep", "b" }, { "ScheduledShutdown", "(st)" },
	{ "Percentage", "d" },	      { "Metered", "u" },
};

static bool is_wanted(const char *name, const char *signature)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (strcmp(wanted[i].name, name) == 0)
			return strcmp(wanted[i].signature, signature) == 0;
	return false;
}

static int take_one(sd_bus_message *reply, struct policy_world *seen, take_property take)
{
	const char *name, *signature;
	char type;
	int r = sd_bus_message_read(reply, "s", &name);

	if (r >= 0)
		r = sd_bus_message_peek_type(reply, &type, &signature);
	if (r < 0)
		return r;
	if (!is_wanted(name, signature))
		return sd_bus_message_skip(reply, "v");
	r = sd_bus_message_enter_container(reply, 'v', signature);
	if (r < 0)
		return r;
	take(seen, name, reply);
	return sd_bus_message_exit_container(reply);
}

static void take_all(sd_bus_message *reply, struct policy_world *seen, take_property take)
{
	int r;

	if (sd_bus_message_is_method_error(reply, NULL))
		return;
	r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = take_one(reply, seen, take);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r < 0)
		log_debug("The machine's state cannot be read: %s.", strerror(-r));
}

static void ask(struct world *world);

static void note_answer(struct world *world)
{
	struct bus *bus = world->bus;

	if (--world->open > 0)
		return;
	if (world->is_asked_again) {
		ask(world);
		return;
	}
	manager_take_world(bus->manager, &world->seen);
	if (!manager_needs_world(bus->manager))
		world_forget(bus);
}

static int on_logind(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct world *world = userdata;

	take_all(reply, &world->seen, take_logind);
	note_answer(world);
	return 0;
}

static int on_battery(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct world *world = userdata;

	take_all(reply, &world->seen, take_battery);
	note_answer(world);
	return 0;
}

static int on_network(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	struct world *world = userdata;

	take_all(reply, &world->seen, take_network);
	note_answer(world);
	return 0;
}

static const struct source {
	const char *service, *path, *interface;
	sd_bus_message_handler_t on_answer;
} sources[] = {
	{ LOGIND, "/org/freedesktop/login1", LOGIND ".Manager", on_logind },
	{ UPOWER, "/org/freedesktop/UPower/devices/DisplayDevice", UPOWER ".Device", on_battery },
	{ NETWORK, "/org/freedesktop/NetworkManager", NETWORK, on_network },
};

/* Nobody is started for this. */
static int ask_one(struct world *world, const struct source *source, sd_bus_slot **slot)
{
	sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(world->bus->bus, &call, source->service,
					       source->path, "org.freedesktop.DBus.Properties",
					       "GetAll");

	if (r >= 0)
		r = sd_bus_message_set_auto_start(call, false);
	if (r >= 0)
		r = sd_bus_message_append(call, "s", source->interface);
	*slot = sd_bus_slot_unref(*slot);
	if (r >= 0)
		r = sd_bus_call_async(world->bus->bus, slot, call, source->on_answer, world,
				      ANSWER_USEC);
	sd_bus_message_unref(call);
	return r;
}

static void ask(struct world *world)
{
	world->is_asked_again = false;
	world->seen = POLICY_WORLD_UNKNOWN;
	world->open = 1;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (ask_one(world, &sources[i], &world->pending[i]) >= 0)
			world->open++;
	note_answer(world); /* maybe nobody could be asked */
}

/* Something has changed; if that still matters, all of it is read anew. */
static int on_news(_unused_ sd_bus_message *signal, void *userdata, _unused_ sd_bus_error *error)
{
	struct world *world = userdata;

	if (!manager_needs_world(world->bus->manager))
		world_forget(world->bus);
	else if (world->open > 0)
		world->is_asked_again = true;
	else
		ask(world);
	return 0;
}

static int on_installed(_unused_ sd_bus_message *reply, _unused_ void *userdata,
			_unused_ sd_bus_error *error)
{
	return 0; /* without its signals it is looked at again every few minutes */
}

static void listen_to(struct world *world)
{
	static const char *const matches[] = {
		"type='signal',sender='" LOGIND "',path='/org/freedesktop/login1',"
		"interface='org.freedesktop.DBus.Properties'",
		"type='signal',sender='" LOGIND "',path='/org/freedesktop/login1',"
		"interface='" LOGIND ".Manager',member='PrepareForSleep'",
		"type='signal',sender='" UPOWER "',interface='org.freedesktop.DBus.Properties',"
		"path='/org/freedesktop/UPower'",
		"type='signal',sender='" NETWORK "',interface='org.freedesktop.DBus.Properties',"
		"path='/org/freedesktop/NetworkManager'",
	};
	_Static_assert(ARRAY_SIZE(matches) == ARRAY_SIZE(world->matches), "one slot for each");

	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		(void)sd_bus_add_match_async(world->bus->bus, &world->matches[i], matches[i],
					     on_news, on_installed, world);
}

void world_read(struct bus *bus)
{
	if (!bus->world) {
		bus->world = calloc(1, sizeof(*bus->world));
		if (!bus->world) {
			log_error("Out of memory: an update that is due does not begin.");
			return;
		}
		bus->world->bus = bus;
		listen_to(bus->world);
	}
	if (bus->world->open > 0)
		bus->world->is_asked_again = true;
	else
		ask(bus->world);
}

void world_forget(struct bus *bus)
{
	struct world *world = TAKE_PTR(bus->world);

	if (!world)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(world->pending); i++)
		sd_bus_slot_unref(world->pending[i]);
	for (size_t i = 0; i < ARRAY_SIZE(world->matches); i++)
		sd_bus_slot_unref(world->matches[i]);
	free(world);
}
