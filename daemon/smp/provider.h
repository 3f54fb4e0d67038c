/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Our end of /dev/fwslot: says what the device is and how it stands, takes one request at a time,
 * answers it. Works on any descriptor that keeps messages apart, so tests use a socket pair. Knows
 * nothing of SMP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "fwslot_user.h"

#define PROVIDER_PATH "/dev/fwslot"
/* Bytes of an image in one message: a few seconds on a slow line. */
#define PROVIDER_TRANSFER_SIZE 4096
#define PROVIDER_SLOTS_MAX 4

struct provider {
	int fd;
	unsigned num_slots; /* of the device that was created; 0: none was */
	/* The request that is being worked on. */
	struct fwslot_user_header header; /* id 0: none */
	struct fwslot_user_request request;
	uint8_t data[PROVIDER_TRANSFER_SIZE]; /* request.length bytes in INSPECT and WRITE */
	bool is_cancelled; /* nobody wants the request any more */
};

struct provider_slot {
	const char *label;
	uint64_t size_bytes;
	bool is_read_only;
};

struct provider_device {
	const char *name, *hardware_id, *serial;
	uint32_t abilities;
	unsigned num_slots;
	struct provider_slot slots[PROVIDER_SLOTS_MAX];
};

/* Functions return 0 or the kernel's errno. */
_warn_unused_ int provider_create(struct provider *provider, const struct provider_device *device,
				  const struct fwslot_user_boot *boot,
				  const struct fwslot_user_content *contents);
_warn_unused_ int provider_destroy(struct provider *provider);
_warn_unused_ int provider_set_state(struct provider *provider, const struct fwslot_user_boot *boot,
				     const struct fwslot_user_content *contents);
_warn_unused_ int provider_booted(struct provider *provider, int slot,
				  enum fwslot_restart_reason reason);

/*
 * Takes the next message from the kernel: 1: a request, in provider->header and ->request, to be
 * answered; 0: none (it was about an earlier request, or there was nothing). A request that comes
 * while one is being worked on means that nobody waits for the latter: -EPROTO is impossible, the
 * older one is forgotten.
 */
_warn_unused_ int provider_receive(struct provider *provider);

/* Ends the request. @result: 0 or a negative errno. A request that nobody waits for is no error. */
_warn_unused_ int provider_answer(struct provider *provider, int result);

/* The request is still being worked on. */
_warn_unused_ int provider_working(struct provider *provider);
