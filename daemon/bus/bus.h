/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's face on the system bus: connects, owns org.fwslot1, shows the manager's devices and
 * jobs as objects and takes requests for them. Decides nothing about updates. The interfaces are
 * described in daemon/data/interfaces/.
 */
#pragma once

#include <stdio.h>

#include <systemd/sd-event.h>

#include "base/macros.h"
#include "engine/manager.h"

#define BUS_NAME "org.fwslot1"
#define BUS_ROOT_PATH "/org/fwslot1"

struct bus;

/*
 * Connects to the system bus, owns the name and exports the objects; when this returns 0, no other
 * fwslotd runs, and requests queue up until the event loop runs. -EEXIST: another one does. The
 * loop is left with an error when the connection ends.
 */
int bus_new(sd_event *event, struct bus **ret);
struct bus *bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus, bus_free)

/*
 * To be passed to manager_new() with the bus as userdata; then the bus is told which manager it
 * faces.
 */
extern const struct manager_events bus_manager_events;
void bus_set_manager(struct bus *bus, struct manager *manager);

/*
 * Writes the introspection XML of the object @path, as a running daemon would give it, to @out.
 * Objects that come and go are named by their kind: BUS_ROOT_PATH "/device/ID",
 * ".../device/ID/slot/_0", ".../job/_1". -ENOENT: no such.
 */
int bus_introspect(const char *path, FILE *out);
