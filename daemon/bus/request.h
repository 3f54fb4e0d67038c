/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be asked for on several interfaces (the manager's methods name the device or job, the
 * objects' own methods are it), done once. Each checks, authorizes, acts and replies; it returns
 * what an sd-bus handler returns. Private to bus/.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "bus/objects.h"

int request_revert(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		   sd_bus_error *error);
int request_confirm(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		    sd_bus_error *error);
int request_cancel(struct bus *bus, sd_bus_message *call, uint64_t job_id, uint64_t flags,
		   sd_bus_error *error);

/*
 * @bundle_fd stays the caller's. Both reply when the file has been authenticated and fits the
 * device, or refuse it.
 */
int request_install_file(struct bus *bus, sd_bus_message *call, const char *device_id,
			 int bundle_fd, uint64_t flags, sd_bus_error *error);
int request_install_imported(struct bus *bus, sd_bus_message *call, const char *device_id,
			     const char *file_name, uint64_t flags, sd_bus_error *error);

/* request-backup.c. An export's reply comes when the file is written; @file_fd stays the caller's. */
int request_list_backups(struct bus *bus, sd_bus_message *call, const char *device_id,
			 uint64_t flags, sd_bus_error *error);
int request_restore_backup(struct bus *bus, sd_bus_message *call, const char *device_id,
			   uint64_t backup_id, uint64_t flags, sd_bus_error *error);
int request_export_backup(struct bus *bus, sd_bus_message *call, uint64_t backup_id, int file_fd,
			  uint64_t flags, sd_bus_error *error);

/* request-update.c. A refresh's reply comes at its end; the two others append rows. */
int request_refresh(struct bus *bus, sd_bus_message *call, const char *remote, uint64_t flags,
		    sd_bus_error *error);
/* Appends rows about one device. */
int request_explain(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		    sd_bus_error *error);
int request_append_updates(sd_bus_message *reply, void *bus);
int request_append_remotes(sd_bus_message *reply, void *bus);
int request_install_update(struct bus *bus, sd_bus_message *call, const char *device_id,
			   const char *version, uint64_t flags, sd_bus_error *error);

/* request-schedule.c: what people decide about updates that are offered. */
int request_approve(struct bus *bus, sd_bus_message *call, const char *device_id,
		    const char *version, uint64_t flags, sd_bus_error *error);
int request_postpone(struct bus *bus, sd_bus_message *call, const char *device_id,
		     uint64_t until_usec, uint64_t flags, sd_bus_error *error);
int request_dismiss(struct bus *bus, sd_bus_message *call, const char *device_id,
		    const char *version, uint64_t flags, sd_bus_error *error);
int request_set_policy(struct bus *bus, sd_bus_message *call, const char *device_id,
		       const char *policy, uint64_t flags, sd_bus_error *error);

/* request-version.c: which versions are for a device at all. */
int request_pin(struct bus *bus, sd_bus_message *call, const char *device_id, const char *version,
		uint64_t flags, sd_bus_error *error);
int request_unpin(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		  sd_bus_error *error);
int request_skip(struct bus *bus, sd_bus_message *call, const char *device_id, const char *version,
		 uint64_t flags, sd_bus_error *error);
int request_unskip(struct bus *bus, sd_bus_message *call, const char *device_id,
		   const char *version, uint64_t flags, sd_bus_error *error);

/* An earlier version, or any version that ever ran: the right for it. */
#define ACTION_DOWNGRADE "org.fwslot1.downgrade"
#define ACTION_INSTALL_STALE_FILE "org.fwslot1.install-stale-file"

/* Shared by them: the device of that id, the flags being known ones, or an error that says what to do. */
int request_find_device(struct bus *bus, const char *device_id, uint64_t flags,
			uint64_t known_flags, struct bus_device **ret, sd_bus_error *error);
/* The reply of a method that started a job: its number and path. */
int request_reply_job(struct bus *bus, sd_bus_message *call, const struct job *job);
/*
 * Asks whether the caller may do @action to @device; @version is what it would run then, "" = not
 * known yet.
 */
int request_authorize_device(struct bus *bus, sd_bus_message *call, const char *action,
			     const struct bus_device *device, const char *version,
			     uint32_t *ret_uid, sd_bus_error *error);
