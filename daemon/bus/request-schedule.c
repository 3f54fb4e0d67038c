// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests about when updates are installed: approve, postpone, dismiss, the policy. What follows from them is the
 * engine's business.
 */
#include <errno.h>

#include "bus/authorize.h"
#include "bus/error.h"
#include "bus/request.h"
#include "bus/update.h"

#define ACTION_APPROVE "org.fwslot1.approve"
#define ACTION_PAST_DEADLINE "org.fwslot1.postpone-past-deadline"
#define ACTION_SET_POLICY "org.fwslot1.set-policy"

#define APPROVE_FLAGS (MANAGER_FLAG_REINSTALL | MANAGER_FLAG_NO_WAY_BACK)

static const char *action_for(uint64_t flags)
{
	return flags & MANAGER_FLAG_PAST_DEADLINE ? ACTION_PAST_DEADLINE : ACTION_APPROVE;
}

/* More than 0: the caller with @ret_uid may decide about that version of the device; 0: he is being asked. */
static int authorize(struct bus *bus, sd_bus_message *call, const char *action,
		     const char *device_id, const char *version, uint64_t flags,
		     uint64_t known_flags, uint32_t *ret_uid, sd_bus_error *error)
{
	const struct bus_update *offered;
	struct bus_device *device;
	int r = request_find_device(bus, device_id, flags, known_flags, &device, error);

	if (r >= 0)
		r = bus_check_length(version, RECORD_VERSION_MAX, "The version", error);
	if (r < 0)
		return r;
	offered = bus_update_of(bus, device_id);
	return request_authorize_device(bus, call, action, device,
					version[0] ? version :
					offered	   ? offered->record.version :
						     "",
					ret_uid, error);
}

int request_approve(struct bus *bus, sd_bus_message *call, const char *device_id,
		    const char *version, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	uint64_t not_before_usec;
	uint32_t uid;
	int r = authorize(bus, call, ACTION_APPROVE, device_id, version, flags, APPROVE_FLAGS, &uid,
			  error);

	if (r <= 0)
		return r < 0 ? r : 1;
	if (manager_approve(bus->manager, device_id, version, flags, uid, &not_before_usec,
			    &failure) < 0)
		return bus_error_from_failure(error, &failure);
	return sd_bus_reply_method_return(call, "t", not_before_usec);
}

int request_postpone(struct bus *bus, sd_bus_message *call, const char *device_id,
		     uint64_t until_usec, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	uint32_t uid;
	int r = authorize(bus, call, action_for(flags), device_id, "", flags,
			  MANAGER_FLAG_PAST_DEADLINE, &uid, error);

	if (r <= 0)
		return r < 0 ? r : 1;
	if (manager_postpone(bus->manager, device_id, until_usec, flags, uid, &failure) < 0)
		return bus_error_from_failure(error, &failure);
	return sd_bus_reply_method_return(call, NULL);
}

int request_dismiss(struct bus *bus, sd_bus_message *call, const char *device_id,
		    const char *version, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	uint32_t uid;
	int r = authorize(bus, call, action_for(flags), device_id, version, flags,
			  MANAGER_FLAG_PAST_DEADLINE, &uid, error);

	if (r <= 0)
		return r < 0 ? r : 1;
	if (manager_dismiss(bus->manager, device_id, version, flags, uid, &failure) < 0)
		return bus_error_from_failure(error, &failure);
	return sd_bus_reply_method_return(call, NULL);
}

int request_set_policy(struct bus *bus, sd_bus_message *call, const char *device_id,
		       const char *policy, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct bus_device *device;
	uint32_t uid;
	int r = bus_check_flags(flags, MANAGER_FLAG_RUNTIME, error);

	if (r >= 0)
		r = bus_check_length(policy, RECORD_POLICY_MAX, "The policy", error);
	if (r >= 0 && device_id[0])
		r = request_find_device(bus, device_id, 0, 0, &device, error);
	if (r < 0)
		return r;
	r = authorize_action(bus, call, ACTION_SET_POLICY,
			     (const struct authorize_detail[]){ { "device", device_id },
								{ "policy", policy },
								{ NULL, NULL } },
			     &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	if (manager_set_policy(bus->manager, device_id, policy, flags, uid, &failure) < 0)
		return bus_error_from_failure(error, &failure);
	if (!device_id[0])
		(void)sd_bus_emit_properties_changed(bus->bus, BUS_ROOT_PATH, MANAGER_INTERFACE,
						     "DefaultPolicy", NULL);
	return sd_bus_reply_method_return(call, NULL);
}

int append_blockers(sd_bus_message *reply, const struct device_blockers *blockers)
{
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (unsigned i = 0; i < BLOCKER_MAX && r >= 0; i++)
		if (blockers->bits & (UINT64_C(1) << i))
			r = sd_bus_message_append(reply, "s",
						  policy_blocker_word((enum policy_blocker)i));
	if (r >= 0 && blockers->refused && blockers->refused[0])
		r = sd_bus_message_append(reply, "s", blockers->refused);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}
