/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * STATE/backup: firmware of devices as it was before it was overwritten, each image one file named by its SHA-256, put
 * there by the worker (backup/backup.h); the store knows whose it is. Here: which are needed, which may go.
 */
#pragma once

#include "engine/private.h"

/* At the start: removes what a crash left half done, and marks backups whose file is gone. */
void backups_tidy(struct manager *manager);
/* Forgets what MaximumCount= and MaximumAgeSec= do not allow; never a device's newest sound one, nor one in use. */
void backups_apply_retention(struct manager *manager);

/* The daemon ends: those who wait for an export are told. */
void backup_exports_stop(struct manager *manager);

/* The newest sound backup of a device that is not the firmware with @digest or, if that is "", with @version. */
bool backups_find_sound(struct manager *manager, const char *device_id, const char *digest,
			const char *version, struct backup_record *ret);
/* The one that the job wanted to write cannot be used: remembers and tells it, and finds the job another. */
void backups_note_damaged(struct job_entry *entry, const char *message);
