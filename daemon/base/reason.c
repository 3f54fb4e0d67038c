/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of reasons, and failures that carry one. */
#include "base/reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct reason_row {
	const char *word;
	const char *bus_suffix;
	int error;
	const char *sentence;
};

static const struct reason_row rows[_REASON_COUNT] = {
	[REASON_OK] = { "ok", "Failed", 0, "Nothing went wrong." },
	[REASON_UNSIGNED] = { "unsigned", "Unsigned", EKEYREJECTED,
			      "The file carries no signature." },
	[REASON_BAD_SIGNATURE] = { "bad-signature", "BadSignature", EKEYREJECTED,
				   "A signature does not fit the signed bytes." },
	[REASON_UNKNOWN_SIGNER] = { "unknown-signer", "UnknownSigner", ENOKEY,
				    "The file is signed by nobody this machine trusts." },
	[REASON_EXPIRED] = { "expired", "Expired", EKEYEXPIRED,
			     "The signed metadata has expired." },
	[REASON_METADATA_ROLLBACK] = { "metadata-rollback", "MetadataRollback", ESTALE,
				       "The signed metadata is older than what this machine has already seen." },
	[REASON_WRONG_DIGEST] = { "wrong-digest", "WrongDigest", EBADMSG,
				  "The content is not what the signed metadata says." },
	[REASON_NOT_LISTED] = { "not-listed", "NotListed", ENOENT,
				"Something needed is neither in the file nor on the server." },
	[REASON_TRUNCATED] = { "truncated", "Truncated", EBADMSG, "The file ends too early." },
	[REASON_TOO_LARGE] = { "too-large", "TooLarge", EFBIG, "The file is larger than allowed." },
	[REASON_MALFORMED] = { "malformed", "Malformed", EBADMSG,
			       "The file is not in the expected format." },
	[REASON_NOT_REGULAR_FILE] = { "not-regular-file", "NotRegularFile", EINVAL,
				      "Only a regular file can be read here." },
	[REASON_INCOMPATIBLE] = { "incompatible", "Incompatible", EMEDIUMTYPE,
				  "The firmware is for another device." },
	[REASON_NO_SUCH_TARGET] = { "no-such-target", "NoSuchTarget", ENOENT,
				    "The signed metadata offers no such file." },
	[REASON_BELOW_FLOOR] = { "below-floor", "BelowFloor", EPERM,
				 "The firmware is older than the oldest one this device may still run." },
	[REASON_DOWNGRADE] = { "downgrade", "Downgrade", EPERM,
			       "The firmware is older than the installed one." },
	[REASON_MIN_COUNTER] = { "min-counter", "SteppingStone", EPERM,
				 "An intermediate release must be installed first." },
	[REASON_REQUIRES] = { "requires", "RequirementsNotMet", EPERM,
			      "Another device needs a newer firmware first." },
	[REASON_ALREADY_INSTALLED] = { "already-installed", "AlreadyInstalled", EALREADY,
				       "This firmware is already installed." },
	[REASON_FAILED_BEFORE] = { "failed-before", "FailedBefore", EPERM,
				   "This firmware failed on the device before." },
	[REASON_PINNED] = { "pinned", "Pinned", EPERM,
			    "The device is pinned to another version of its firmware." },
	[REASON_SKIPPED] = { "skipped", "Skipped", EPERM,
			     "This version is to be skipped on this device." },
	[REASON_REPLACED] = { "replaced", "Replaced", ESTALE,
			      "The vendor offers something else now than what was asked for." },
	[REASON_NO_SUCH_DEVICE] = { "no-such-device", "NoSuchDevice", ENODEV,
				    "There is no such device." },
	[REASON_NO_SUCH_JOB] = { "no-such-job", "NoSuchJob", ENOENT, "There is no such job." },
	[REASON_NO_SUCH_UPDATE] = { "no-such-update", "NoSuchUpdate", ENOENT,
				    "No such update is offered for the device." },
	[REASON_NO_SUCH_REMOTE] = { "no-such-remote", "NoSuchRemote", ENOENT,
				    "There is no such update source." },
	[REASON_NO_SUCH_SLOT] = { "no-such-slot", "NoSuchSlot", ENOENT,
				  "The device has no such slot." },
	[REASON_BUSY] = { "busy", "Busy", EBUSY, "The device is busy with something else." },
	[REASON_NOT_CANCELLABLE] = { "not-cancellable", "NotCancellable", EBUSY,
				     "The job can no longer be cancelled." },
	[REASON_CANCELLED] = { "cancelled", "Cancelled", ECANCELED, "The job was cancelled." },
	[REASON_REQUESTED] = { "requested", "Requested", ECANCELED, "Somebody asked to go back." },
	[REASON_INTERRUPTED] = { "interrupted", "Interrupted", EINTR,
				 "fwslotd was stopped before it had read the file; install it again." },
	[REASON_NO_REVERT_SLOT] = { "no-revert-slot", "NoRevertSlot", ENOENT,
				    "No slot holds an earlier firmware to go back to." },
	[REASON_NO_WAY_BACK] = { "no-way-back", "NoWayBack", EPERM,
				 "The device has one slot and no backup: a bad update could not be taken back." },
	[REASON_NO_SUCH_BACKUP] = { "no-such-backup", "NoSuchBackup", ENOENT,
				    "There is no such backup." },
	[REASON_BACKUP_DAMAGED] = { "backup-damaged", "BackupDamaged", EBADMSG,
				    "The backup is not what was saved: it cannot be written to a device." },
	[REASON_NOT_ON_TRIAL] = { "not-on-trial", "NotOnTrial", EINVAL,
				  "The device has no firmware on trial." },
	[REASON_LIMIT_REACHED] = { "limit-reached", "LimitReached", EDQUOT, "A limit is reached." },
	[REASON_PAST_DEADLINE] = { "past-deadline", "PastDeadline", EPERM,
				   "The update has a deadline, which this would pass." },
	[REASON_OUTSIDE_WINDOW] = { "outside-window", "OutsideWindow", EPERM,
				    "The hours in which updates are installed were over." },
	[REASON_INVALID_ARGUMENT] = { "invalid-argument", "InvalidArgument", EINVAL,
				      "An argument is not valid." },
	[REASON_TRANSFER_FAILED] = { "transfer-failed", "TransferFailed", EIO,
				     "Writing to the device failed." },
	[REASON_DEVICE_LOST] = { "device-lost", "DeviceLost", ENODEV, "The device is gone." },
	[REASON_DID_NOT_START] = { "did-not-start", "DidNotStart", ETIMEDOUT,
				   "The new firmware never started." },
	[REASON_ATTEMPTS_EXHAUSTED] = { "attempts-exhausted", "AttemptsExhausted", EIO,
					"The new firmware used up its attempts to start." },
	[REASON_WRONG_VERSION_RUNNING] = { "wrong-version-running", "WrongVersionRunning", EIO,
					   "The device runs another firmware than the one written." },
	[REASON_HEALTH_FAILED] = { "health-failed", "HealthFailed", EIO, "A health check failed." },
	[REASON_HEALTH_TIMEOUT] = { "health-timeout", "HealthTimeout", ETIMEDOUT,
				    "A health check did not finish in time." },
	[REASON_NOT_FOUND] = { "not-found", "NotFound", ENOENT, "The server has no such file." },
	[REASON_ACCESS_DENIED] = { "access-denied", "AccessDenied", EACCES,
				   "The server gives this file only to those it knows." },
	[REASON_TOO_SLOW] = { "too-slow", "TooSlow", ETIME, "The server sends too slowly." },
	[REASON_TIMEOUT] = { "timeout", "Timeout", ETIMEDOUT,
			     "The download did not finish in time." },
	[REASON_TLS_FAILED] = { "tls-failed", "TlsFailed", ECONNABORTED,
				"No safe connection to the server could be made." },
	[REASON_REDIRECT_TO_PLAIN] = { "redirect-to-plain", "RedirectToPlain", ECONNABORTED,
				       "The server sends us from HTTPS to plain HTTP." },
	[REASON_TOO_MANY_REDIRECTS] = { "too-many-redirects", "TooManyRedirects", ELOOP,
					"The server sends us from place to place without end." },
	[REASON_NETWORK_UNREACHABLE] = { "network-unreachable", "NetworkUnreachable", ENETUNREACH,
					 "The server cannot be reached." },
	[REASON_PROXY_FAILED] = { "proxy-failed", "ProxyFailed", ENETUNREACH,
				  "The proxy makes no connection to the server." },
	[REASON_SERVER_FAILED] = { "server-failed", "ServerFailed", EREMOTEIO,
				   "The server cannot answer the request." },
	[REASON_DOWNLOAD_FAILED] = { "download-failed", "DownloadFailed", ECONNRESET,
				     "The connection to the server broke." },
	[REASON_SERVICE_MISSING] = { "service-missing", "ServiceMissing", ENOTCONN,
				     "A service of fwslot that is needed does not run." },
	[REASON_NO_SPACE] = { "no-space", "NoSpace", ENOSPC, "The disk is full." },
	[REASON_IO_ERROR] = { "io-error", "InputOutputError", EIO, "Reading or writing failed." },
	[REASON_MODULE_MISSING] = { "module-missing", "ModuleMissing", ENOSYS,
				    "A kernel module that is needed is not there." },
	[REASON_NO_MEMORY] = { "no-memory", "NoMemory", ENOMEM, "Not enough memory." },
	[REASON_INTERNAL] = { "internal", "Internal", EPROTO,
			      "Something inside fwslot went wrong." },
};

struct errno_row {
	int error;
	enum reason reason;
};

static const struct errno_row errno_rows[] = {
	{ ENOSPC, REASON_NO_SPACE },	 { EDQUOT, REASON_NO_SPACE },
	{ ENODEV, REASON_DEVICE_LOST },	 { ENXIO, REASON_DEVICE_LOST },
	{ EBUSY, REASON_BUSY },		 { ETXTBSY, REASON_BUSY },
	{ EFBIG, REASON_TOO_LARGE },	 { ENOMEM, REASON_NO_MEMORY },
	{ ECANCELED, REASON_CANCELLED },
};

static const struct reason_row *row_of(enum reason reason)
{
	if (reason < 0 || reason >= _REASON_COUNT)
		reason = REASON_INTERNAL;
	return &rows[reason];
}

const char *reason_word(enum reason reason)
{
	return row_of(reason)->word;
}

const char *reason_bus_suffix(enum reason reason)
{
	return row_of(reason)->bus_suffix;
}

const char *reason_sentence(enum reason reason)
{
	return row_of(reason)->sentence;
}

int reason_errno(enum reason reason)
{
	return -row_of(reason)->error;
}

enum reason reason_from_word(const char *word)
{
	for (int i = 0; i < _REASON_COUNT; i++)
		if (strcmp(rows[i].word, word) == 0)
			return (enum reason)i;
	return _REASON_INVALID;
}

enum reason reason_from_errno(int error)
{
	if (error < 0)
		error = -error;
	for (size_t i = 0; i < ARRAY_SIZE(errno_rows); i++)
		if (errno_rows[i].error == error)
			return errno_rows[i].reason;
	return REASON_IO_ERROR;
}

void failure_clear(struct failure *failure)
{
	free(failure->message);
	*failure = (struct failure){ 0 };
}

const char *failure_message(const struct failure *failure)
{
	return failure->message ? failure->message : reason_sentence(failure->reason);
}

int fail(struct failure *failure, enum reason reason, const char *format, ...)
{
	va_list arguments;

	if (!failure || failure->reason != REASON_OK)
		return reason_errno(reason);
	va_start(arguments, format);
	if (vasprintf(&failure->message, format, arguments) < 0)
		failure->message = NULL; /* out of memory: the default sentence serves */
	va_end(arguments);
	failure->reason = reason;
	return reason_errno(reason);
}

int fail_errno(struct failure *failure, int error, const char *format, ...)
{
	_cleanup_free_ char *what = NULL;
	enum reason reason = reason_from_errno(error);
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&what, format, arguments) < 0)
		what = NULL;
	va_end(arguments);
	return fail(failure, reason, "%s: %s.", what ? what : reason_sentence(reason),
		    strerror(error < 0 ? -error : error));
}

int fail_memory(struct failure *failure)
{
	if (failure && failure->reason == REASON_OK)
		failure->reason = REASON_NO_MEMORY;
	return reason_errno(REASON_NO_MEMORY);
}

void failure_move(struct failure *to, struct failure *from)
{
	failure_clear(to);
	*to = *from;
	*from = (struct failure){ 0 };
}
