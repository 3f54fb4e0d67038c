// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests about update sources: ask them, list them and what they offer, install that. */
#include <errno.h>

#include "bus/authorize.h"
#include "bus/error.h"
#include "bus/reply.h"
#include "bus/request.h"
#include "bus/update.h"

#define ACTION_REFRESH "org.fwslot1.refresh"
#define ACTION_APPROVE "org.fwslot1.approve"

#define INSTALL_FLAGS (MANAGER_FLAG_REINSTALL | MANAGER_FLAG_NO_WAY_BACK)

int request_refresh(struct bus *bus, sd_bus_message *call, const char *remote, uint64_t flags,
		    sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	uint32_t uid;
	int r = bus_check_flags(flags, 0, error);

	if (r >= 0)
		r = bus_check_length(remote, RECORD_REMOTE_MAX, "The update source", error);
	if (r < 0)
		return r;
	r = authorize_action(bus, call, ACTION_REFRESH,
			     (const struct authorize_detail[]){ { "remote", remote },
								{ NULL, NULL } },
			     &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	sd_bus_message_ref(call);
	r = manager_refresh(bus->manager, remote, bus_reply_outcome, call, &failure);
	if (r >= 0)
		return 1;
	sd_bus_message_unref(call);
	return bus_error_from_failure(error, &failure);
}

static int append_update(sd_bus_message *reply, const struct bus_update *update)
{
	const struct offer_record *record = &update->record;

	return sd_bus_message_append(reply, "(ssssttto)", record->device_id, record->version,
				     record->urgency, update->decision, update->deadline_usec,
				     record->length_bytes, record->published_usec, update->path);
}

int request_append_updates(sd_bus_message *reply, void *userdata)
{
	struct bus *bus = userdata;
	int r = 0;

	for (struct device *device = manager_next_device(bus->manager, NULL); device && r >= 0;
	     device = manager_next_device(bus->manager, device)) {
		const struct bus_update *update = bus_update_of(bus, device->id);

		if (update)
			r = append_update(reply, update);
	}
	return r;
}

static int append_remote(const struct source_state *source, void *userdata)
{
	const struct remote_record *record = &source->record;
	const char *word = record->reason == REASON_OK ? "" : reason_word(record->reason);
	int r = sd_bus_message_append(userdata, "(sssbttss)", source->name, source->title,
				      source->url, (int)source->is_enabled, record->refreshed_usec,
				      source->is_enabled ? record->next_usec : UINT64_C(0), word,
				      source->message);

	return r < 0 ? r : 0; /* more than 0 would end the list */
}

int request_append_remotes(sd_bus_message *reply, void *userdata)
{
	struct bus *bus = userdata;

	return manager_list_sources(bus->manager, append_remote, reply);
}

struct explain_request {
	struct bus *bus;
	const struct bus_device *device;
	sd_bus_message *reply;
};

static int append_explanation(const struct explanation *row, void *userdata)
{
	const struct explain_request *request = userdata;
	int r = sd_bus_message_append(request->reply, "(ssbss)", row->source, row->rule,
				      (int)row->allows, row->sentence, row->details);

	return r < 0 ? r : 0; /* more than 0 would end the list */
}

static int append_explanations(sd_bus_message *reply, void *userdata)
{
	struct explain_request *request = userdata;

	request->reply = reply;
	return manager_explain(request->bus->manager, request->device->device, append_explanation,
			       request);
}

int request_explain(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		    sd_bus_error *error)
{
	struct explain_request request = { .bus = bus };
	struct bus_device *device;
	int r = request_find_device(bus, device_id, flags, 0, &device, error);

	if (r < 0)
		return r;
	request.device = device;
	return bus_reply_rows(call, "(ssbss)", append_explanations, &request);
}

int request_install_update(struct bus *bus, sd_bus_message *call, const char *device_id,
			   const char *version, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	const struct bus_update *offered;
	struct bus_device *device;
	struct job *job;
	uint32_t uid;
	int r = request_find_device(bus, device_id, flags, INSTALL_FLAGS, &device, error);

	if (r >= 0)
		r = bus_check_length(version, RECORD_VERSION_MAX, "The version", error);
	if (r < 0)
		return r;
	offered = bus_update_of(bus, device_id);
	r = request_authorize_device(bus, call, ACTION_APPROVE, device,
				     version[0] ? version :
				     offered	? offered->record.version :
						  "",
				     &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = manager_install_update(bus->manager, device_id, version, flags, uid, &job, &failure);
	if (r < 0)
		return bus_error_from_failure(error, &failure);
	return request_reply_job(bus, call, job);
}
