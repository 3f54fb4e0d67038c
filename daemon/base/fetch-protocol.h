/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What fwslot-fetch and its clients say to each other: the keys of their packets and
 * the limits of both. Form of a packet: packet.h. Clients use remote/fetch-client.h.
 *
 * One connection is one session with one kind of server: first OP=open says whom to
 * trust and who we are, then any number of OP=fetch, one at a time. OP=open is answered
 * by one TYPE=result; OP=fetch by at most one TYPE=start, some TYPE=progress and exactly
 * one TYPE=result. OP=fetch may be sent before OP=open is answered. OP=cancel ends the
 * fetch under way (REASON=cancelled). Closing the connection ends everything.
 * A request that breaks these rules is answered by a result with REASON=invalid-argument
 * (malformed, if it is no packet). When OP=open failed, or a packet comes at the wrong
 * time or is malformed, the session ends with that result. A key not listed makes a
 * request invalid. Numbers are decimal.
 */
#pragma once

#define FETCH_SOCKET_PATH "/run/fwslot/fetch.sock"
#define FETCH_SOCKET_FD 3 /* where fwslot-fetch finds its connection */
#define FETCH_CLIENT_USER "fwslot" /* who may connect, beside root and the service's own user */

#define FETCH_KEY_OPERATION "OP"

/* OP=open: fixed for the whole session, so that connections to the server can be shared. */
#define FETCH_OPEN "open"
#define FETCH_KEY_TRUST "TRUST" /* one of: */
#define FETCH_TRUST_SYSTEM "system" /* the CAs of the system */
#define FETCH_TRUST_CA "ca" /* only the CAs of the descriptor "ca" */
#define FETCH_TRUST_KEY "key" /* only the key(s) of PINNED_KEY; name and dates do not matter */
#define FETCH_KEY_PINNED_KEY \
	"PINNED_KEY" /* "sha256//<base64>[;sha256//...]" of the server's SubjectPublicKeyInfo: \
			required with "key", demanded in addition with "system" and "ca" */
#define FETCH_KEY_DESCRIPTORS \
	"DESCRIPTORS" /* comma list naming the descriptors with the packet, in their order: \
			 ca certificate private-key; regular files, PEM; read at once */
#define FETCH_DESCRIPTOR_CA "ca"
#define FETCH_DESCRIPTOR_CERTIFICATE "certificate"
#define FETCH_DESCRIPTOR_PRIVATE_KEY "private-key"
#define FETCH_KEY_CERTIFICATE "CERTIFICATE" /* PKCS#11 URI, instead of the descriptor */
#define FETCH_KEY_PRIVATE_KEY "PRIVATE_KEY" /* PKCS#11 URI, instead of the descriptor */
#define FETCH_KEY_KEY_PASSWORD "KEY_PASSWORD" /* of an encrypted private key, or the token's PIN */
#define FETCH_KEY_PROXY \
	"PROXY" /* http://, https://, socks5:// or socks5h:// [user:password@]host:port */

/*
 * OP=fetch, descriptors: [file to write into]: a regular file open for writing and not
 * appending. It is left alone until the server has answered well. Then it is always as
 * long as the bytes that are right so far, and its descriptor's position is not used.
 */
#define FETCH_FETCH "fetch"
#define FETCH_KEY_URL "URL" /* http:// or https://, without user, password or fragment */
#define FETCH_KEY_MAX_BYTES "MAX_BYTES" /* required: more is too-large */
#define FETCH_KEY_EXACT_BYTES "EXACT_BYTES" /* optional: more is too-large, fewer is truncated */
#define FETCH_KEY_RESUME_FROM \
	"RESUME_FROM" /* optional: that many bytes are there, fetch the rest; needs VALIDATOR */
#define FETCH_KEY_IF_NONE_MATCH \
	"IF_NONE_MATCH" /* optional: an ETAG; the same again is NOT_MODIFIED=1 */
#define FETCH_KEY_CONNECT_MSEC "CONNECT_MSEC" /* optional: to reach the server, TLS included */
#define FETCH_KEY_TOTAL_MSEC "TOTAL_MSEC" /* optional: for all of it */
#define FETCH_KEY_LOW_SPEED_BYTES \
	"LOW_SPEED_BYTES" /* optional: fewer bytes a second than this ... */
#define FETCH_KEY_LOW_SPEED_SEC "LOW_SPEED_SEC" /* optional: ... for that long is too-slow */
#define FETCH_KEY_BANDWIDTH "BANDWIDTH" /* optional: at most that many bytes a second */

/* OP=cancel: nothing else in it. Not answered when no fetch is under way. */
#define FETCH_CANCEL "cancel"

#define FETCH_KEY_TYPE "TYPE"

/*
 * TYPE=start: the server has answered well. Bytes before RESUME_FROM were kept; it is 0
 * where they had to be given up (the file changed, or the server cannot resume).
 * VALIDATOR is what to resume with; absent where the server gives nothing trustworthy.
 */
#define FETCH_TYPE_START "start"
#define FETCH_KEY_VALIDATOR "VALIDATOR"
#define FETCH_KEY_LENGTH "LENGTH" /* of the whole, where the server says it */

/* TYPE=progress, at most one every FETCH_PROGRESS_MSEC: BYTES are in the file now. */
#define FETCH_TYPE_PROGRESS "progress"
#define FETCH_KEY_BYTES "BYTES"

/* TYPE=result: REASON, and with ok: BYTES, and VALIDATOR, ETAG, NOT_MODIFIED where they apply. */
#define FETCH_TYPE_RESULT "result"
#define FETCH_KEY_REASON "REASON" /* a word of reason.h */
#define FETCH_KEY_MESSAGE "MESSAGE" /* a sentence, beside any REASON but ok */
#define FETCH_KEY_STATUS "STATUS" /* of the last HTTP response; 0: there was none */
#define FETCH_KEY_ETAG "ETAG" /* for a later IF_NONE_MATCH */
#define FETCH_KEY_NOT_MODIFIED \
	"NOT_MODIFIED" /* 1: what has the asked ETAG is still right, nothing written */
#define FETCH_KEY_RETRY_AFTER_SEC "RETRY_AFTER_SEC" /* the server asks not to come back sooner */

/* Limits: of requests (a value outside is invalid-argument) ... */
#define FETCH_URL_MAX 4096 /* characters of URL and PROXY */
#define FETCH_URI_MAX 1024 /* characters of a PKCS#11 URI */
#define FETCH_PASSWORD_MAX 128 /* characters of KEY_PASSWORD */
#define FETCH_PINS_MAX 8 /* keys in PINNED_KEY */
#define FETCH_PEM_BYTES_MAX (1024 * 1024) /* each of the PEM files */
#define FETCH_VALIDATOR_MAX 256 /* characters of VALIDATOR, ETAG and IF_NONE_MATCH */
#define FETCH_BYTES_MAX (UINT64_C(1) << 40) /* MAX_BYTES, EXACT_BYTES and RESUME_FROM: 1 TiB */
#define FETCH_CONNECT_MSEC_MAX UINT64_C(120000)
#define FETCH_CONNECT_MSEC_DEFAULT UINT64_C(20000)
#define FETCH_TOTAL_MSEC_MAX UINT64_C(86400000) /* a day */
#define FETCH_TOTAL_MSEC_DEFAULT UINT64_C(900000) /* 15 minutes */
#define FETCH_LOW_SPEED_BYTES_MAX (UINT64_C(1) << 30)
#define FETCH_LOW_SPEED_BYTES_DEFAULT UINT64_C(512)
#define FETCH_LOW_SPEED_SEC_MAX UINT64_C(600)
#define FETCH_LOW_SPEED_SEC_DEFAULT UINT64_C(30)
#define FETCH_BANDWIDTH_MIN UINT64_C(16384)
#define FETCH_BANDWIDTH_MAX (UINT64_C(1) << 40)

/* ... of a session ... */
#define FETCH_SESSION_FETCHES_MAX 8192 /* fetches; one more is limit-reached */
#define FETCH_SESSION_IDLE_MSEC 300000 /* without a request, then the session ends */
#define FETCH_SEND_MSEC 10000 /* for the client to take a result, then the session ends */
#define FETCH_PROGRESS_MSEC 100

/* ... and of servers (beyond is a failure of the fetch). */
#define FETCH_REDIRECTS_MAX 5 /* never from https to http */
#define FETCH_HEADER_BYTES_MAX \
	(64 * 1024) /* of all header lines of one response, trailers included */
#define FETCH_ERROR_BODY_MAX (64 * 1024) /* read, and dropped, of a response that is no success */
#define FETCH_RETRY_AFTER_SEC_MAX UINT64_C(86400) /* longer is cut to this */
