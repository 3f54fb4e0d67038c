/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/provider.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The longest message we write. */
struct create_message {
	struct fwslot_user_header header;
	struct fwslot_user_create create;
	struct fwslot_user_slot slots[PROVIDER_SLOTS_MAX];
};

struct state_message {
	struct fwslot_user_header header;
	struct fwslot_user_boot boot;
	struct fwslot_user_content contents[PROVIDER_SLOTS_MAX];
};

/* One write is one message: there is no such thing as half of it. */
static int send_message(const struct provider *provider, struct fwslot_user_header *header,
			size_t size)
{
	ssize_t written;

	header->version = FWSLOT_USER_VERSION;
	header->length = (uint32_t)(size - sizeof(*header));
	do {
		written = write(provider->fd, header, size);
	} while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : 0;
}

static void put_text(char *field, size_t size, const char *text)
{
	snprintf(field, size, "%s", text);
}

int provider_create(struct provider *provider, const struct provider_device *device,
		    const struct fwslot_user_boot *boot, const struct fwslot_user_content *contents)
{
	struct create_message message = {
		.header = { .type = FWSLOT_USER_CREATE },
		.create = { .abilities = device->abilities,
			    .num_slots = device->num_slots,
			    .transfer_size = PROVIDER_TRANSFER_SIZE,
			    .boot = *boot },
	};
	int r;

	if (device->num_slots > PROVIDER_SLOTS_MAX)
		return -EINVAL;
	put_text(message.create.name, sizeof(message.create.name), device->name);
	put_text(message.create.hardware_id, sizeof(message.create.hardware_id),
		 device->hardware_id);
	put_text(message.create.serial, sizeof(message.create.serial), device->serial);
	for (unsigned i = 0; i < device->num_slots; i++) {
		struct fwslot_user_slot *slot = &message.slots[i];

		put_text(slot->label, sizeof(slot->label), device->slots[i].label);
		slot->size = device->slots[i].size_bytes;
		slot->flags = device->slots[i].is_read_only ? FWSLOT_USER_READ_ONLY : 0;
		slot->content = contents[i];
	}
	r = send_message(provider, &message.header,
			 offsetof(struct create_message, slots) +
				 device->num_slots * sizeof(message.slots[0]));
	if (r >= 0)
		provider->num_slots = device->num_slots;
	return r;
}

int provider_destroy(struct provider *provider)
{
	struct fwslot_user_header header = { .type = FWSLOT_USER_DESTROY };

	provider->num_slots = 0;
	provider->header.id = 0;
	return send_message(provider, &header, sizeof(header));
}

int provider_set_state(struct provider *provider, const struct fwslot_user_boot *boot,
		       const struct fwslot_user_content *contents)
{
	struct state_message message = { .header = { .type = FWSLOT_USER_STATE }, .boot = *boot };

	memcpy(message.contents, contents, provider->num_slots * sizeof(contents[0]));
	return send_message(provider, &message.header,
			    offsetof(struct state_message, contents) +
				    provider->num_slots * sizeof(contents[0]));
}

int provider_booted(struct provider *provider, int slot, enum fwslot_restart_reason reason)
{
	struct {
		struct fwslot_user_header header;
		struct fwslot_user_booted booted;
	} message = { .header = { .type = FWSLOT_USER_BOOTED },
		      .booted = { .slot = slot, .reason = reason } };

	return send_message(provider, &message.header, sizeof(message));
}

static bool has_data(uint16_t type)
{
	return type == FWSLOT_USER_INSPECT || type == FWSLOT_USER_WRITE;
}

static int take_request(struct provider *provider, const struct fwslot_user_header *header,
			const uint8_t *body)
{
	struct fwslot_user_request request;

	if (header->length < sizeof(request))
		return -EBADMSG;
	memcpy(&request, body, sizeof(request));
	if (has_data(header->type)) {
		if (request.length > sizeof(provider->data) ||
		    header->length != sizeof(request) + request.length)
			return -EBADMSG;
		memcpy(provider->data, body + sizeof(request), request.length);
	}
	provider->header = *header;
	provider->request = request;
	provider->is_cancelled = false;
	return 1;
}

int provider_receive(struct provider *provider)
{
	struct {
		struct fwslot_user_header header;
		uint8_t body[sizeof(struct fwslot_user_request) + PROVIDER_TRANSFER_SIZE];
	} message;
	ssize_t size = read(provider->fd, &message, sizeof(message));

	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (size == 0)
		return -ENODEV; /* only a test's socket ends so */
	if ((size_t)size < sizeof(message.header) ||
	    message.header.version != FWSLOT_USER_VERSION ||
	    message.header.length != (size_t)size - sizeof(message.header))
		return -EBADMSG;
	if (message.header.type == FWSLOT_USER_CANCEL) {
		if (message.header.id == provider->header.id)
			provider->is_cancelled = true;
		return 0;
	}
	return take_request(provider, &message.header, message.body);
}

int provider_answer(struct provider *provider, int result)
{
	struct fwslot_user_header header = {
		.type = FWSLOT_USER_ANSWER,
		.id = provider->header.id,
		.result = result,
	};
	int r;

	if (header.id == 0)
		return 0;
	provider->header.id = 0;
	r = send_message(provider, &header, sizeof(header));
	return r == -ESTALE ? 0 : r;
}

int provider_working(struct provider *provider)
{
	struct fwslot_user_header header = { .type = FWSLOT_USER_WORKING,
					     .id = provider->header.id };
	int r;

	if (header.id == 0)
		return 0;
	r = send_message(provider, &header, sizeof(header));
	return r == -ESTALE ? 0 : r;
}
