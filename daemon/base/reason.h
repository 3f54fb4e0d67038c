/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One vocabulary of outcomes for everything: the worker's replies, the store's
 * history, the bus. A reason has a machine word ("bad-signature"), a D-Bus suffix
 * ("BadSignature" of org.fwslot1.Error.BadSignature), an errno for the way up, and a
 * default sentence. The words are interface: they are added to, never changed.
 */
#pragma once

#include <stdint.h>

#include "base/macros.h"

enum reason {
	REASON_OK,
	/* authentication (TUF) */
	REASON_UNSIGNED,
	REASON_BAD_SIGNATURE,
	REASON_UNKNOWN_SIGNER,
	REASON_EXPIRED,
	REASON_METADATA_ROLLBACK,
	REASON_WRONG_DIGEST,
	REASON_NOT_LISTED,
	/* shape of the input */
	REASON_TRUNCATED,
	REASON_TOO_LARGE,
	REASON_MALFORMED,
	REASON_NOT_REGULAR_FILE,
	/* fitness for the device */
	REASON_INCOMPATIBLE,
	REASON_NO_SUCH_TARGET,
	REASON_BELOW_FLOOR,
	REASON_DOWNGRADE,
	REASON_MIN_COUNTER,
	REASON_REQUIRES,
	REASON_ALREADY_INSTALLED,
	REASON_FAILED_BEFORE,
	REASON_PINNED,
	REASON_SKIPPED,
	REASON_REPLACED,
	/* requests */
	REASON_NO_SUCH_DEVICE,
	REASON_NO_SUCH_JOB,
	REASON_NO_SUCH_UPDATE,
	REASON_NO_SUCH_REMOTE,
	REASON_NO_SUCH_SLOT,
	REASON_BUSY,
	REASON_NOT_CANCELLABLE,
	REASON_CANCELLED,
	REASON_REQUESTED,
	REASON_INTERRUPTED,
	REASON_NO_REVERT_SLOT,
	REASON_NO_WAY_BACK,
	REASON_NO_SUCH_BACKUP,
	REASON_BACKUP_DAMAGED,
	REASON_NOT_ON_TRIAL,
	REASON_LIMIT_REACHED,
	REASON_PAST_DEADLINE,
	REASON_OUTSIDE_WINDOW,
	REASON_INVALID_ARGUMENT,
	/* the device and its trial */
	REASON_TRANSFER_FAILED,
	REASON_DEVICE_LOST,
	REASON_DID_NOT_START,
	REASON_ATTEMPTS_EXHAUSTED,
	REASON_WRONG_VERSION_RUNNING,
	REASON_HEALTH_FAILED,
	REASON_HEALTH_TIMEOUT,
	/* the network */
	REASON_NOT_FOUND,
	REASON_ACCESS_DENIED,
	REASON_TOO_SLOW,
	REASON_TIMEOUT,
	REASON_TLS_FAILED,
	REASON_REDIRECT_TO_PLAIN,
	REASON_TOO_MANY_REDIRECTS,
	REASON_NETWORK_UNREACHABLE,
	REASON_PROXY_FAILED,
	REASON_SERVER_FAILED,
	REASON_DOWNLOAD_FAILED,
	REASON_SERVICE_MISSING,
	/* this machine */
	REASON_NO_SPACE,
	REASON_IO_ERROR,
	REASON_MODULE_MISSING,
	REASON_NO_MEMORY,
	REASON_INTERNAL,
	_REASON_COUNT,
	_REASON_INVALID = -1,
};

/* "bad-signature". Never NULL: an unknown number is "internal". */
const char *reason_word(enum reason reason);

/* "BadSignature", to be put after "org.fwslot1.Error.". REASON_OK has "Failed". */
const char *reason_bus_suffix(enum reason reason);

/* A full English sentence without particulars. */
const char *reason_sentence(enum reason reason);

/* The negative errno a function returns beside a failure with this reason; 0 for REASON_OK. */
int reason_errno(enum reason reason);

/* The reason of a machine word, or _REASON_INVALID. */
enum reason reason_from_word(const char *word);

/*
 * The reason for a negative (or positive) errno of the system: ENOSPC and EDQUOT are
 * no-space, ENODEV and ENXIO device-lost, ... everything unlisted is io-error.
 */
enum reason reason_from_errno(int error);

/*
 * A failure on its way to the person: the reason, and a sentence that says what was
 * expected, what was found and what to do. Starts as { 0 } and is released with
 * failure_clear().
 */
struct failure {
	enum reason reason;
	char *message; /* NULL: take the default sentence */
	uint64_t retry_after_sec; /* a server asks not to come back sooner; 0: it does not */
};

void failure_clear(struct failure *failure);
#define _cleanup_failure_ _cleanup_(failure_clear)

/* The message, or the reason's default sentence; never NULL. */
const char *failure_message(const struct failure *failure);

/*
 * Sets @failure (unless it is NULL or already set: the first cause stays) and returns
 * reason_errno(@reason), so that a function can end with `return fail(...)`.
 */
_printf_(3, 4) int fail(struct failure *failure, enum reason reason, const char *format, ...);

/* fail() for a failed system call: ": No space left on device" is added. @error may have either sign. */
_printf_(3, 4) int fail_errno(struct failure *failure, int error, const char *format, ...);

/* fail() with REASON_NO_MEMORY and its default sentence. */
int fail_memory(struct failure *failure);

/* Moves @from to @to, releasing what @to held; @from is empty afterwards. */
void failure_move(struct failure *to, struct failure *from);
