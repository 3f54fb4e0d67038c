/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One SQLite database, STATE/fwslot.db: jobs, devices, history, failed releases. Only this room writes SQL.
 * What a function reported as stored (and, inside a transaction, what store_commit() did) survives kill -9 and power
 * loss: write-ahead log, synchronous=FULL. One process at a time: the file is locked as long as it is open.
 * Decides nothing about jobs or devices.
 *
 * Errors everywhere: -ENOSPC disk full, -EROFS, -EBUSY another process has it, -EBADMSG the database is damaged,
 * -ENOMEM, else -EIO.
 */
#pragma once

#include "base/io.h"
#include "base/macros.h"
#include "store/record.h"

#define STORE_FILE_NAME "fwslot.db"
#define STORE_HISTORY_ROWS_MAX \
	1000 /* older rows go; newer ones can be neither changed nor removed */
#define STORE_DEVICES_MAX \
	1024 /* ever seen; the longest unseen one without history of installs makes room */
#define STORE_FAILED_MAX 32 /* failed releases remembered of one device */
#define STORE_DECISIONS_MAX 32 /* remembered of one device: of the releases offered last */
#define STORE_POLICIES_MAX 1024 /* set over the bus */
#define STORE_VERSIONS_MAX 17408 /* pinned or skipped: 17 of each of STORE_DEVICES_MAX */
#define STORE_DETAILS_MAX 4096 /* bytes of a history row's details; more is cut */

struct store;

/*
 * Opens or makes the database in @folder. A damaged one is set aside ("fwslot.db.damaged-TIME"), what can still be
 * read of devices and jobs is taken over, and a history row tells of it. Anti-rollback floors that the database does not
 * have, or has lower, are taken from their copy beside it.
 * Every change of a file goes through @io, which outlives the store.
 */
_warn_unused_ int store_open(const struct io_operations *io, const char *folder, uint64_t now_usec,
			     struct store **ret);
/* A store in memory only: for a read-only or full disk, so that devices can at least be shown. */
_warn_unused_ int store_open_volatile(struct store **ret);
struct store *store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close)
#define _cleanup_store_ _cleanup_(store_closep)

/* Path of the damaged database that store_open() set aside, or NULL. Owned by the store. */
const char *store_set_aside_path(const struct store *store);

/* All between begin and commit is stored wholly or not at all. Not nested. rollback without begin does nothing. */
_warn_unused_ int store_begin(struct store *store);
_warn_unused_ int store_commit(struct store *store);
void store_rollback(struct store *store);

/* Writes the row; a record without id gets one. @message may be NULL. */
_warn_unused_ int store_save_job(struct store *store, struct job_record *record,
				 const char *message);
/* All jobs by id. @row returns 0 to go on; another value ends it and is returned. */
int store_load_jobs(struct store *store,
		    int (*row)(const struct job_record *record, const char *message,
			       void *userdata),
		    void *userdata);
/* Forgets ended jobs but the @keep newest. */
int store_prune_jobs(struct store *store, unsigned keep);

/*
 * Finds the device by (@hardware_id, @serial or, where that is "", @parent), or gives it an id and a row.
 * -ENOSPC when STORE_DEVICES_MAX are known and all have been updated, or have versions pinned or skipped.
 */
_warn_unused_ int store_know_device(struct store *store, const char *hardware_id,
				    const char *serial, const char *parent, uint64_t now_usec,
				    struct device_record *ret);
/* -ENOENT: never seen */
_warn_unused_ int store_find_device(struct store *store, const char *id, struct device_record *ret);
_warn_unused_ int store_save_device(struct store *store, const struct device_record *record);

_warn_unused_ int store_add_history(struct store *store, const struct history_row *row);
/* Newest first; @device_id "" = all. @row as in store_load_jobs; its strings live until it returns. */
int store_list_history(struct store *store, const char *device_id, unsigned limit,
		       int (*row)(const struct history_row *row, void *userdata), void *userdata);

/* A release (by its image's digest) that failed on a device: it is not to be offered there again by itself. */
_warn_unused_ int store_add_failed(struct store *store, const char *device_id, const char *digest,
				   enum reason reason, uint64_t now_usec);
/* It was tried again and is good. */
_warn_unused_ int store_forget_failed(struct store *store, const char *device_id,
				      const char *digest);
/* 1 yes, 0 no, -errno */
int store_has_failed(struct store *store, const char *device_id, const char *digest);

/*
 * Adds a backup and gives it an id; one of the same device, slot and content makes room for it. Unless it is damaged
 * itself, all of that content are sound from now on: its file has just been written.
 */
_warn_unused_ int store_add_backup(struct store *store, struct backup_record *record);
/* Newest first; @device_id "" = all. @row as in store_load_jobs. */
int store_list_backups(struct store *store, const char *device_id,
		       int (*row)(const struct backup_record *record, void *userdata),
		       void *userdata);
/* -ENOENT */
_warn_unused_ int store_find_backup(struct store *store, uint64_t id, struct backup_record *ret);
/* Every backup with that content was found damaged: they share a file. */
_warn_unused_ int store_mark_backup_damaged(struct store *store, const char *digest);
/* Forgets it; the file is the caller's business, afterwards. */
_warn_unused_ int store_remove_backup(struct store *store, uint64_t id);

/* What an update source said of a device, in the place of what it said before. */
_warn_unused_ int store_save_offer(struct store *store, const struct offer_record *record,
				   uint64_t now_usec);
/* By device, then by name of the source. @row as in store_load_jobs. */
int store_list_offers(struct store *store,
		      int (*row)(const struct offer_record *record, void *userdata),
		      void *userdata);

/* How it went with an update source; @message may be NULL. */
_warn_unused_ int store_save_remote(struct store *store, const struct remote_record *record,
				    const char *message);
/* -ENOENT: never tried. The caller frees @ret_message, "" = none. */
_warn_unused_ int store_find_remote(struct store *store, const char *name,
				    struct remote_record *ret, char **ret_message);

/* A release is offered: it waits for a decision, unless there is one about exactly that content. */
_warn_unused_ int store_note_offered(struct store *store, const char *device_id,
				     const char *version, const char *digest, uint64_t now_usec);
_warn_unused_ int store_save_decision(struct store *store, const struct decision_record *record);
/* -ENOENT */
_warn_unused_ int store_find_decision(struct store *store, const char *device_id,
				      const char *version, struct decision_record *ret);
/*
 * A job begins on the device: every approval for it is used up, and @version is not tried again by itself before
 * @until_usec. To be stored together with the job.
 */
_warn_unused_ int store_start_decisions(struct store *store, const char *device_id,
					const char *version, uint64_t now_usec,
					uint64_t until_usec);
/* It was installed, or taken back: not by itself again. */
_warn_unused_ int store_settle_decision(struct store *store, const char *device_id,
					const char *version, uint64_t now_usec);

/* @policy "" forgets what was set. */
_warn_unused_ int store_save_policy(struct store *store, const char *device_id, const char *policy);
/* By device. @row as in store_load_jobs. */
int store_list_policies(struct store *store,
			int (*row)(const struct policy_record *record, void *userdata),
			void *userdata);

/* A version is pinned, or skipped, in the place of what was ruled about it before; a pin also in the place of another. */
_warn_unused_ int store_save_version(struct store *store, const struct version_record *record);
/* Nothing is ruled any more about @version of the device, or, if that is "", about all that are under the rule. */
_warn_unused_ int store_forget_versions(struct store *store, const char *device_id,
					enum version_rule rule, const char *version);
/* By device, then by version. @row as in store_load_jobs. */
int store_list_versions(struct store *store,
			int (*row)(const struct version_record *record, void *userdata),
			void *userdata);
