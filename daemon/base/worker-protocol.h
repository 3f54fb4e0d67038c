/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What fwslotd and fwslot-worker say to each other: the keys of their packets.
 * fwslotd starts the worker with a SOCK_SEQPACKET socket as descriptor WORKER_SOCKET_FD
 * and sends one request; the worker replies with any number of progress packets and one
 * result, and exits. A worker that ends without a result has failed (internal).
 * Numbers are decimal. Keys that a request does not know are skipped.
 */
#pragma once

#define WORKER_SOCKET_FD 3

#define WORKER_KEY_OPERATION "OP"

/*
 * OP=open-bundle, descriptors: [bundle]. Authenticates an offline file (.fwb), chooses
 * the release for one device and leaves its image, fsynced, as STAGE_DIR/<sha256>.
 */
#define WORKER_OPEN_BUNDLE "open-bundle"
#define WORKER_KEY_TRUST_DIR \
	"TRUST_DIR" /* folder of the repositories' trusted metadata, one folder each */
#define WORKER_KEY_ROOTS_DIRS \
	"ROOTS_DIRS" /* colon list of remotes.d folders (NAME/root.json), first wins */
#define WORKER_KEY_STAGE_DIR "STAGE_DIR" /* folder of authenticated images */
#define WORKER_KEY_HARDWARE_IDS "HARDWARE_IDS" /* comma list, most specific first */
#define WORKER_KEY_SERIAL "SERIAL" /* optional */
#define WORKER_KEY_INSTALLED_VERSION \
	"INSTALLED_VERSION" /* optional: what the device says it runs */
#define WORKER_KEY_INSTALLED_COUNTER \
	"INSTALLED_COUNTER" /* 0: unknown, then the index's history is asked */
#define WORKER_KEY_FLOOR "FLOOR" /* 0: none */
#define WORKER_KEY_SLOT_LABEL_COUNT "SLOT_LABEL_COUNT" /* 0...WORKER_SLOT_LABELS_MAX */
#define WORKER_KEY_SLOT_LABEL \
	"SLOT_LABEL_" /* SLOT_LABEL_0...: labels of writable slots, preferred first */
#define WORKER_KEY_SLOT_SIZE "SLOT_SIZE" /* bytes an image may have; 0: unknown */
#define WORKER_KEY_NOW_USEC "NOW_USEC" /* wall clock, since 1970 */
#define WORKER_KEY_ALLOW_DOWNGRADE "ALLOW_DOWNGRADE" /* 0 | 1; never below FLOOR */
#define WORKER_KEY_ALLOW_REINSTALL "ALLOW_REINSTALL" /* optional, 0 | 1 */
#define WORKER_KEY_ALLOW_STALE "ALLOW_STALE" /* optional, 0 | 1: of open-bundle, what has expired */
#define WORKER_KEY_WANT_VERSION "WANT_VERSION" /* optional: only this release */
#define WORKER_KEY_MAX_BYTES "MAX_BYTES" /* of the bundle */
#define WORKER_KEY_INVENTORY_COUNT "INVENTORY_COUNT" /* optional, 0...WORKER_INVENTORY_MAX */
#define WORKER_KEY_INVENTORY \
	"INVENTORY_" /* INVENTORY_0...: "HARDWARE_ID SLOT COUNTER" of the other devices */

#define WORKER_SLOT_LABELS_MAX 16
#define WORKER_INVENTORY_MAX 64
#define WORKER_HARDWARE_IDS_MAX 8

/*
 * OP=download, descriptors: [what the device runs, opened for reading, or none]: the same from the server of REMOTE, by
 * fwslot-fetch. Where the server has a delta to what runs (BASE_SHA256, BASE_LENGTH, as the kernel says), or to an image
 * in BACKUP_DIR, that is fetched in the place of the whole. Needs what open-bundle needs, and SHA256 where the image that was offered is known: another one is "replaced". What has come of an image when the
 * worker ends stays as STAGE_DIR/<sha256>.part and is gone on with.
 */
#define WORKER_DOWNLOAD "download"
#define WORKER_KEY_FETCH_SOCKET "FETCH_SOCKET" /* optional: where fwslot-fetch listens */
#define WORKER_KEY_BASE_SHA256 "BASE_SHA256" /* optional */
#define WORKER_KEY_BASE_LENGTH "BASE_LENGTH"
#define WORKER_KEY_TOTAL_MSEC "TOTAL_MSEC" /* optional: for one file of the server */

/*
 * OP=refresh, no descriptors: brings the trusted metadata of REMOTE up to date, then answers questions. Needs
 * TRUST_DIR, ROOTS_DIRS, STAGE_DIR, REMOTE, NOW_USEC. Each further packet from fwslotd is a question TYPE=device with
 * the keys of a device as in open-bundle, answered by one TYPE=offer; when fwslotd has no more it closes its direction
 * of the socket, and the result follows.
 */
#define WORKER_REFRESH "refresh"
#define WORKER_KEY_MACHINE_ID \
	"MACHINE_ID" /* 32 hex digits, of this application only: for rollouts */
#define WORKER_TYPE_DEVICE "device"

/*
 * OP=write-slot, descriptors: [image, slot's `data` opened for writing]; needs SHA256 and
 * LENGTH; copies that many bytes from the start of the image and replies, wrong-digest if
 * they were others than SHA256 says; `loading` is the caller's business.
 */
#define WORKER_WRITE_SLOT "write-slot"
#define WORKER_KEY_LENGTH "LENGTH"

/*
 * OP=back-up, descriptors: [slot's `data` opened for reading]; needs MAX_BYTES. Reads all that the slot gives back
 * and keeps it in BACKUP_DIR, compressed and named by its hash (backup/backup.h). LENGTH: how much it should be, for
 * the progress; a slot that gives less is refused; 0: unknown.
 */
#define WORKER_BACK_UP "back-up"
#define WORKER_KEY_BACKUP_DIR "BACKUP_DIR"

/*
 * OP=unpack-backup, descriptors: [backup]; needs SHA256 and LENGTH. Leaves the image as STAGE_DIR/<sha256> if it is
 * exactly what was saved.
 */
#define WORKER_UNPACK_BACKUP "unpack-backup"

/*
 * OP=export-backup, descriptors: [backup, somebody's file opened for writing]; needs SHA256 and LENGTH. Writes the
 * image into that file, from where it stands. What is in it counts only if the result is ok.
 */
#define WORKER_EXPORT_BACKUP "export-backup"

/* Replies. */
#define WORKER_KEY_TYPE "TYPE"
#define WORKER_TYPE_PROGRESS "progress"
#define WORKER_KEY_PERCENT "PERCENT" /* 0...100, only when it changes */
#define WORKER_TYPE_RESULT "result"
#define WORKER_KEY_REASON "REASON" /* a word of reason.h */
#define WORKER_KEY_MESSAGE "MESSAGE" /* a sentence, beside any REASON but ok */
#define WORKER_KEY_RETRY_AFTER_SEC "RETRY_AFTER_SEC" /* the server asks not to come back sooner */

/*
 * TYPE=offer: REASON=ok with the keys of open-bundle's result (SHA256 is empty where the metadata does not list it)
 * and those below; or the REASON and MESSAGE why there is nothing for this device.
 */
#define WORKER_TYPE_OFFER "offer"
#define WORKER_KEY_IN_ROLLOUT "IN_ROLLOUT" /* 0: later; who asks for it may have it now */
#define WORKER_KEY_SUPPORT_ENDS_USEC \
	"SUPPORT_ENDS_USEC" /* whatever REASON says: when the vendor's support ends, 0: not said */
#define WORKER_KEY_PUBLISHED_USEC "PUBLISHED_USEC" /* 0: not said */
#define WORKER_KEY_NOTE_COUNT "NOTE_COUNT" /* 0...WORKER_NOTES_MAX */
#define WORKER_KEY_NOTE "NOTE_" /* NOTE_0...: "LOCALE TEXT", first line of each note */
#define WORKER_NOTES_MAX 8

/* With REASON=ok of open-bundle and download. */
#define WORKER_KEY_PATH "PATH" /* the image's TUF target path */
#define WORKER_KEY_SHA256 "SHA256" /* 64 hex digits: the image's file name in STAGE_DIR */
#define WORKER_KEY_VERSION "VERSION" /* of the release, for people */
#define WORKER_KEY_COUNTER "COUNTER" /* of the release */
#define WORKER_KEY_SLOT "SLOT" /* slot label the image is for; empty: any slot */
#define WORKER_KEY_MIN_COUNTER "MIN_COUNTER"
#define WORKER_KEY_IS_STALE "IS_STALE" /* of open-bundle, 0 | 1 */
#define WORKER_KEY_NEW_FLOOR "NEW_FLOOR" /* the device's floor once this release is confirmed */
#define WORKER_KEY_URGENCY "URGENCY" /* low medium high critical */
#define WORKER_KEY_SIGNER "SIGNER" /* role that answers for the index and the image */
#define WORKER_KEY_SIGNER_KEYS \
	"SIGNER_KEYS" /* hex digest of that role's set of keys: changes with them */
#define WORKER_KEY_REMOTE "REMOTE" /* name of the repository */
#define WORKER_KEY_HARDWARE_ID "HARDWARE_ID" /* which of HARDWARE_IDS the index was found for */
#define WORKER_KEY_SUMMARY \
	"SUMMARY" /* first line of the English (else the first) note; may be empty */
#define WORKER_KEY_INSTALLED_KNOWN \
	"INSTALLED_KNOWN_COUNTER" /* counter of what is installed now; 0: unknown */

/* With REASON=ok or transfer-failed of write-slot. */
#define WORKER_KEY_WRITTEN "WRITTEN" /* bytes the device took */

/* With REASON=ok of back-up, beside SHA256 and LENGTH. */
#define WORKER_KEY_STORED "STORED" /* bytes of the file */
