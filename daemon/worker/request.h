/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of OP=open-bundle, download and refresh as typed values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/packet.h"
#include "base/reason.h"
#include "base/time.h"
#include "base/worker-protocol.h"
#include "trust/select.h"

#define ROOTS_FOLDERS_MAX 8

/* Borrows from the packet, but for the copies of lists. Starts as { 0 }. */
struct bundle_request {
	const char *trust_folder;
	const char *stage_folder;
	const char *roots_folders[ROOTS_FOLDERS_MAX];
	size_t roots_folder_count;
	uint64_t max_bytes;
	usec_t now;
	bool accepts_stale; /* of open-bundle */
	struct device_request device;
	const char *serial; /* "": none */
	/* of download and refresh; NULL where absent */
	const char *remote, *fetch_socket;
	uint64_t total_msec; /* 0: the default */
	const char *sha256; /* of download */
	const char *backup_folder, *base_sha256; /* of download; NULL where absent */
	uint64_t base_length;
	bool has_machine_id;
	uint8_t machine_id[16];
	/* what @device points into */
	const char *hardware_ids[WORKER_HARDWARE_IDS_MAX];
	const char *slot_labels[WORKER_SLOT_LABELS_MAX];
	struct inventory_item inventory[WORKER_INVENTORY_MAX];
	char *copies[2 + WORKER_INVENTORY_MAX];
	size_t copy_count;
};

/* Not to be moved afterwards: parts point to each other. Release also after a failure. */
_warn_unused_ int bundle_request_parse(const struct packet *packet, struct bundle_request *request,
				       struct failure *failure);
/* OP=download: the same, from a server. */
_warn_unused_ int download_request_parse(const struct packet *packet,
					 struct bundle_request *request, struct failure *failure);
/* OP=refresh: without a device. */
_warn_unused_ int refresh_request_parse(const struct packet *packet, struct bundle_request *request,
					struct failure *failure);
/* TYPE=device: nothing but a device. */
_warn_unused_ int question_parse(const struct packet *packet, struct bundle_request *request,
				 struct failure *failure);
void bundle_request_clear(struct bundle_request *request);
#define _cleanup_bundle_request_ _cleanup_(bundle_request_clear)
