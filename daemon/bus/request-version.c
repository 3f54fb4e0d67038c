// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests about which versions are for a device at all: pin and skip. What follows is the engine's business. */
#include "bus/authorize.h"
#include "bus/error.h"
#include "bus/request.h"
#include "bus/update.h"

#define ACTION_MANAGE_VERSIONS "org.fwslot1.manage-versions"

/* What the four requests are: the engine's function. */
typedef int (*rule_t)(struct manager *manager, const char *device_id, const char *version,
		      uint64_t flags, uint32_t uid, struct failure *failure);

static int unpin(struct manager *manager, const char *device_id, _unused_ const char *version,
		 uint64_t flags, uint32_t uid, struct failure *failure)
{
	return manager_unpin(manager, device_id, flags, uid, failure);
}

/* @shown: which version it is about, for the person who is asked for a password. */
static int request_rule(struct bus *bus, sd_bus_message *call, const char *device_id,
			const char *version, const char *shown, uint64_t flags, rule_t rule,
			sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct bus_device *device;
	uint32_t uid;
	int r = request_find_device(bus, device_id, flags, 0, &device, error);

	if (r >= 0)
		r = bus_check_length(version, RECORD_VERSION_MAX, "The version", error);
	if (r >= 0)
		r = request_authorize_device(bus, call, ACTION_MANAGE_VERSIONS, device,
					     version[0] ? version : shown, &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	if (rule(bus->manager, device_id, version, flags, uid, &failure) < 0)
		return bus_error_from_failure(error, &failure);
	return sd_bus_reply_method_return(call, NULL);
}

int request_pin(struct bus *bus, sd_bus_message *call, const char *device_id, const char *version,
		uint64_t flags, sd_bus_error *error)
{
	return request_rule(bus, call, device_id, version, "", flags, manager_pin, error);
}

int request_unpin(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		  sd_bus_error *error)
{
	return request_rule(bus, call, device_id, "", "", flags, unpin, error);
}

int request_skip(struct bus *bus, sd_bus_message *call, const char *device_id, const char *version,
		 uint64_t flags, sd_bus_error *error)
{
	const struct bus_update *offered = bus_update_of(bus, device_id);

	return request_rule(bus, call, device_id, version, offered ? offered->record.version : "",
			    flags, manager_skip, error);
}

int request_unskip(struct bus *bus, sd_bus_message *call, const char *device_id,
		   const char *version, uint64_t flags, sd_bus_error *error)
{
	return request_rule(bus, call, device_id, version, "", flags, manager_unskip, error);
}

int append_versions(sd_bus_message *reply, const struct device_versions *versions)
{
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (unsigned i = 0; i < MANAGER_SKIPPED_MAX && r >= 0; i++)
		if (versions->names[i][0])
			r = sd_bus_message_append(reply, "s", versions->names[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}
