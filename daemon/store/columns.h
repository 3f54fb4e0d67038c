/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which column holds which field: one list per table serves the SQL text and the reading and writing of rows, so they
 * cannot disagree. Private to the store.
 */
#pragma once

#define COLUMN_NAME(field, kind) #field ","
#define COLUMN_MARK(field, kind) "?,"

#define JOB_COLUMNS(X)                \
	X(id, U64)                    \
	X(type, TYPE)                 \
	X(phase, PHASE)               \
	X(device_id, TEXT)            \
	X(source, TEXT)               \
	X(remote, TEXT)               \
	X(flags, U64)                 \
	X(uid, UNSIGNED)              \
	X(created_usec, U64)          \
	X(phase_usec, U64)            \
	X(trial_end_usec, U64)        \
	X(boot_id, TEXT)              \
	X(clock_offset_usec, U64)     \
	X(target_slot, INT)           \
	X(previous_slot, INT)         \
	X(version, TEXT)              \
	X(version_before, TEXT)       \
	X(counter, U64)               \
	X(new_floor, U64)             \
	X(digest, TEXT)               \
	X(length_bytes, U64)          \
	X(backup_digest, TEXT)        \
	X(backup_length_bytes, U64)   \
	X(boots_before, U64)          \
	X(attempts, UNSIGNED)         \
	X(is_committed, BOOL)         \
	X(is_activated, BOOL)         \
	X(is_cancel_requested, BOOL)  \
	X(is_confirm_requested, BOOL) \
	X(is_revert_requested, BOOL)  \
	X(write_tries, UNSIGNED)      \
	X(restart_tries, UNSIGNED)    \
	X(trial_boots, UNSIGNED)      \
	X(reason, REASON)

#define DEVICE_COLUMNS(X)          \
	X(id, TEXT)                \
	X(installed_counter, U64)  \
	X(floor_counter, U64)      \
	X(installed_version, TEXT) \
	X(previous_slot, INT)      \
	X(previous_version, TEXT)  \
	X(previous_counter, U64)   \
	X(problem, REASON)

#define BACKUP_COLUMNS(X)    \
	X(usec, U64)         \
	X(device_id, TEXT)   \
	X(slot, UNSIGNED)    \
	X(version, TEXT)     \
	X(counter, U64)      \
	X(digest, TEXT)      \
	X(length_bytes, U64) \
	X(stored_bytes, U64) \
	X(is_damaged, BOOL)

#define OFFER_COLUMNS(X)          \
	X(device_id, TEXT)        \
	X(remote, TEXT)           \
	X(version, TEXT)          \
	X(counter, U64)           \
	X(urgency, TEXT)          \
	X(signer, TEXT)           \
	X(digest, TEXT)           \
	X(length_bytes, U64)      \
	X(published_usec, U64)    \
	X(is_in_rollout, BOOL)    \
	X(support_ends_usec, U64) \
	X(notes, TEXT)            \
	X(reason, REASON)         \
	X(message, TEXT)

#define DECISION_COLUMNS(X)   \
	X(device_id, TEXT)    \
	X(version, TEXT)      \
	X(digest, TEXT)       \
	X(decision, DECISION) \
	X(flags, U64)         \
	X(uid, UNSIGNED)      \
	X(usec, U64)          \
	X(until_usec, U64)

#define VERSION_COLUMNS(X)    \
	X(device_id, TEXT)    \
	X(version, TEXT)      \
	X(rule, VERSION_RULE) \
	X(uid, UNSIGNED)

#define REMOTE_COLUMNS(X)      \
	X(name, TEXT)          \
	X(tried_usec, U64)     \
	X(refreshed_usec, U64) \
	X(next_usec, U64)      \
	X(failures, UNSIGNED)  \
	X(reason, REASON)
