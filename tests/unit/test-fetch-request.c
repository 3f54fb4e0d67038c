/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to fwslot-fetch, row by row: what is taken, and what is refused in which words. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fetch-protocol.h"
#include "base/file.h"
#include "fetch/identity.h"
#include "fetch/request.h"
#include "tap.h"

#define FIELDS_MAX 8

/* A request's fields; a NULL ends them. */
struct row {
	const char *what;
	const char *fields[FIELDS_MAX];
	enum reason reason;
	const char *message; /* a part of it */
};

static struct packet *build(const char *operation, const char *const fields[FIELDS_MAX])
{
	struct packet *packet = packet_new(PACKET_BYTES_MAX);

	if (!packet || packet_add(packet, FETCH_KEY_OPERATION, operation) < 0)
		tap_bail("no packet");
	for (size_t i = 0; i < FIELDS_MAX && fields[i]; i++) {
		char key[PACKET_KEY_MAX + 1] = "";
		const char *value = strchr(fields[i], '=') + 1;

		memcpy(key, fields[i], (size_t)(value - fields[i]) - 1);
		if (packet_add(packet, key, value) < 0)
			tap_bail("no field %s", fields[i]);
	}
	return packet;
}

static void check_failure(const struct row *row, int r, const struct failure *failure)
{
	tap_is_string(reason_word(failure->reason), reason_word(row->reason), row->what);
	tap_is(r < 0, row->reason != REASON_OK, "with the error beside it");
	if (row->message)
		tap_ok(failure->message && strstr(failure->message, row->message),
		       "says \"%s\": %s", row->message, failure_message(failure));
}

#define URL "URL=https://example.org/a"
#define BAD REASON_INVALID_ARGUMENT

static const struct row requests[] = {
	{ "the shortest request", { URL, "MAX_BYTES=1" }, REASON_OK, NULL },
	{ "no URL", { "MAX_BYTES=1" }, BAD, "lacks the key URL" },
	{ "no MAX_BYTES", { URL }, BAD, "lacks the key MAX_BYTES" },
	{ "an unknown key", { URL, "MAX_BYTES=1", "COOKIE=x" }, BAD, "the key COOKIE" },
	{ "a key of the other operation",
	  { URL, "MAX_BYTES=1", "TRUST=ca" },
	  BAD,
	  "the key TRUST" },
	{ "an empty URL", { "URL=", "MAX_BYTES=1" }, BAD, "URL has 0 characters" },
	{ "a number with a sign", { URL, "MAX_BYTES=-1" }, BAD, "MAX_BYTES is \"-1\"" },
	{ "a number with a space", { URL, "MAX_BYTES= 1" }, BAD, "from 0 to" },
	{ "a number over the limit", { URL, "MAX_BYTES=1099511627777" }, BAD, "to 1099511627776" },
	{ "a number at the limit", { URL, "MAX_BYTES=1099511627776" }, REASON_OK, NULL },
	{ "a number of too many digits", { URL, "MAX_BYTES=99999999999999999999" }, BAD, NULL },
	{ "no time to connect", { URL, "MAX_BYTES=1", "CONNECT_MSEC=0" }, BAD, "from 1 to 120000" },
	{ "more than a day", { URL, "MAX_BYTES=1", "TOTAL_MSEC=86400001" }, BAD, "TOTAL_MSEC" },
	{ "exactly more than the most",
	  { URL, "MAX_BYTES=1", "EXACT_BYTES=2" },
	  BAD,
	  "EXACT_BYTES is 2" },
	{ "nothing, exactly", { URL, "MAX_BYTES=0", "EXACT_BYTES=0" }, REASON_OK, NULL },
	{ "a limit that is too slow itself",
	  { URL, "MAX_BYTES=1", "BANDWIDTH=20000", "LOW_SPEED_BYTES=20000" },
	  BAD,
	  "too slow" },
	{ "a bandwidth below the least",
	  { URL, "MAX_BYTES=1", "BANDWIDTH=16383" },
	  BAD,
	  "from 16384" },
	{ "a resume",
	  { URL, "MAX_BYTES=11", "RESUME_FROM=10", "VALIDATOR=\"a\"" },
	  REASON_OK,
	  NULL },
	{ "a resume by date",
	  { URL, "MAX_BYTES=11", "RESUME_FROM=10", "VALIDATOR=Sun, 06 Nov 1994 08:49:37 GMT" },
	  REASON_OK,
	  NULL },
	{ "a resume without a validator",
	  { URL, "MAX_BYTES=11", "RESUME_FROM=10" },
	  BAD,
	  "together" },
	{ "a validator without a resume",
	  { URL, "MAX_BYTES=11", "VALIDATOR=\"a\"" },
	  BAD,
	  "together" },
	{ "a resume from the limit",
	  { URL, "MAX_BYTES=10", "RESUME_FROM=10", "VALIDATOR=\"a\"" },
	  BAD,
	  "nothing is left" },
	{ "a resume from beyond the file",
	  { URL, "MAX_BYTES=100", "RESUME_FROM=11", "VALIDATOR=\"a\"" },
	  BAD,
	  "has only 10 bytes" },
	{ "a resume if changed",
	  { URL, "MAX_BYTES=11", "RESUME_FROM=10", "VALIDATOR=\"a\"", "IF_NONE_MATCH=\"a\"" },
	  BAD,
	  "cannot be given together" },
	{ "a weak tag to compare",
	  { URL, "MAX_BYTES=1", "IF_NONE_MATCH=W/\"a\"" },
	  REASON_OK,
	  NULL },
	{ "a star to compare", { URL, "MAX_BYTES=1", "IF_NONE_MATCH=*" }, BAD, "IF_NONE_MATCH" },
	{ "a tag with a line in it",
	  { URL, "MAX_BYTES=1", "IF_NONE_MATCH=\"a\r\nX: b\"" },
	  BAD,
	  "quotes" },
};

static void check_requests(void)
{
	_cleanup_close_ int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 10) < 0)
		tap_bail("no file");
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		_cleanup_packet_ struct packet *packet = build(FETCH_FETCH, requests[i].fields);
		_cleanup_failure_ struct failure failure = { 0 };
		_cleanup_request_ struct request request = { 0 };

		check_failure(&requests[i], request_read(packet, fd, &request, &failure), &failure);
	}
}

static void check_defaults(void)
{
	static const char *const fields[FIELDS_MAX] = { "URL=http://EXAMPLE.org/x?y",
							"MAX_BYTES=5" };
	_cleanup_packet_ struct packet *packet = build(FETCH_FETCH, fields);
	_cleanup_request_ struct request request = { 0 };
	_cleanup_close_ int fd = memfd_create("file", MFD_CLOEXEC);

	tap_is(request_read(packet, fd, &request, NULL), 0, "a request without options");
	tap_is(request.exact_bytes == REQUEST_ANY, true, "any length will do");
	tap_is(request.connect_msec, FETCH_CONNECT_MSEC_DEFAULT, "the default time to connect");
	tap_is(request.total_msec, FETCH_TOTAL_MSEC_DEFAULT, "the default time for all");
	tap_is(request.low_speed_bytes, FETCH_LOW_SPEED_BYTES_DEFAULT, "the default lowest speed");
	tap_is(request.low_speed_sec, FETCH_LOW_SPEED_SEC_DEFAULT, "and for how long");
	tap_is(request.bandwidth, 0, "no bandwidth limit");
	tap_is_string(request.facts.origin, "http://example.org:80", "the origin in one form");
}

/* Descriptors that must not be written into. */
static void check_files(void)
{
	static const char *const fields[FIELDS_MAX] = { URL, "MAX_BYTES=5" };
	_cleanup_packet_ struct packet *packet = build(FETCH_FETCH, fields);
	char path[] = "/tmp/test-fetch-XXXXXX";
	int file = mkostemp(path, O_CLOEXEC);
	const struct {
		const char *what;
		int fd;
		enum reason reason;
	} rows[] = {
		{ "no descriptor", -EBADF, REASON_INVALID_ARGUMENT },
		{ "a file open for reading", open(path, O_RDONLY | O_CLOEXEC),
		  REASON_INVALID_ARGUMENT },
		{ "a file for appending", open(path, O_WRONLY | O_APPEND | O_CLOEXEC),
		  REASON_INVALID_ARGUMENT },
		{ "the name of a file", open(path, O_PATH | O_CLOEXEC), REASON_INVALID_ARGUMENT },
		{ "a device", open("/dev/null", O_WRONLY | O_CLOEXEC), REASON_NOT_REGULAR_FILE },
		{ "a folder", open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		  REASON_NOT_REGULAR_FILE },
		{ "a file open for writing", open(path, O_WRONLY | O_CLOEXEC), REASON_OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_failure_ struct failure failure = { 0 };
		_cleanup_request_ struct request request = { 0 };

		(void)!request_read(packet, rows[i].fd, &request, &failure);
		tap_is_string(reason_word(failure.reason), reason_word(rows[i].reason),
			      rows[i].what);
		close_fd(rows[i].fd);
	}
	close_fd(file);
	unlink(path);
}

#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define TOKEN "CERTIFICATE=pkcs11:object=c", "PRIVATE_KEY=pkcs11:object=k"

static const struct row openings[] = {
	{ "nothing: the system's authorities", { NULL }, REASON_OK, NULL },
	{ "the same in words", { "TRUST=system" }, REASON_OK, NULL },
	{ "an unknown trust", { "TRUST=me" }, BAD, "system, ca or key" },
	{ "a list of trusts", { "TRUST=system,ca" }, BAD, "system, ca or key" },
	{ "a key of the other operation", { "URL=https://a/" }, BAD, "the key URL" },
	{ "a pinned key alone", { "TRUST=key", "PINNED_KEY=" PIN }, REASON_OK, NULL },
	{ "two", { "TRUST=key", "PINNED_KEY=" PIN ";" PIN }, REASON_OK, NULL },
	{ "none", { "TRUST=key" }, BAD, "needs PINNED_KEY" },
	{ "a file as a key", { "PINNED_KEY=/etc/ssl/key.pem" }, BAD, "sha256//" },
	{ "a key and an empty one", { "PINNED_KEY=" PIN ";" }, BAD, "sha256//" },
	{ "a key and a file", { "PINNED_KEY=" PIN ";/etc/ssl/key.pem" }, BAD, "sha256//" },
	{ "an authority that is not there", { "TRUST=ca" }, BAD, "needs the descriptor" },
	{ "descriptors that did not come",
	  { "TRUST=ca", "DESCRIPTORS=ca" },
	  BAD,
	  "fewer descriptors" },
	{ "a descriptor with no name", { "DESCRIPTORS=," }, BAD, "separated by commas" },
	{ "a descriptor with another name", { "DESCRIPTORS=crl" }, BAD, "must list" },
	{ "a certificate on a token", { TOKEN }, REASON_OK, NULL },
	{ "and its PIN", { TOKEN, "KEY_PASSWORD=1234" }, REASON_OK, NULL },
	{ "a PIN for nothing", { "KEY_PASSWORD=1234" }, BAD, "for a private key" },
	{ "a certificate without a key", { "CERTIFICATE=pkcs11:object=c" }, BAD, "together" },
	{ "a key without a certificate", { "PRIVATE_KEY=pkcs11:object=c" }, BAD, "together" },
	{ "a path as a certificate",
	  { "CERTIFICATE=/etc/c", "PRIVATE_KEY=/etc/k" },
	  BAD,
	  "PKCS#11 URI" },
	{ "a proxy", { "PROXY=http://proxy:8080" }, REASON_OK, NULL },
	{ "one with a password", { "PROXY=socks5h://a:b@proxy:1080/" }, REASON_OK, NULL },
	{ "a proxy without a port", { "PROXY=http://proxy" }, BAD, "host:port" },
	{ "a proxy by file", { "PROXY=file:///x" }, BAD, "host:port" },
};

static void check_openings(void)
{
	static const int none[PACKET_FDS_MAX] = { -EBADF, -EBADF, -EBADF, -EBADF };

	for (size_t i = 0; i < ARRAY_SIZE(openings); i++) {
		_cleanup_packet_ struct packet *packet = build(FETCH_OPEN, openings[i].fields);
		_cleanup_failure_ struct failure failure = { 0 };
		_cleanup_identity_ struct identity *identity = NULL;

		check_failure(&openings[i], identity_read(packet, none, &identity, &failure),
			      &failure);
	}
}

/* The copies are of the file as it was, whatever happens to it afterwards. */
static void check_copies(void)
{
	static const char *const fields[FIELDS_MAX] = { "TRUST=ca", "DESCRIPTORS=ca" };
	static const char *const twice[FIELDS_MAX] = { "TRUST=ca", "DESCRIPTORS=ca,ca" };
	_cleanup_packet_ struct packet *packet = build(FETCH_OPEN, fields);
	_cleanup_packet_ struct packet *packet_twice = build(FETCH_OPEN, twice);
	_cleanup_identity_ struct identity *identity = NULL, *other = NULL;
	_cleanup_close_ int fd = memfd_create("file", MFD_CLOEXEC);
	const int one[PACKET_FDS_MAX] = { fd, -EBADF, -EBADF, -EBADF };
	const int two[PACKET_FDS_MAX] = { fd, fd, -EBADF, -EBADF };
	char copy[16] = "";

	if (write(fd, "authority", 9) != 9)
		tap_bail("no file");
	if (identity_read(packet, one, &identity, NULL) < 0)
		tap_bail("the file is not taken");
	tap_is(pwrite(fd, "A", 1, 0), 1, "a file is changed after it was taken");
	tap_is(pread(identity->files[IDENTITY_CA], copy, sizeof(copy) - 1, 0), 9, "the copy");
	tap_is_string(copy, "authority", "is of the file before");
	tap_is(identity_read(packet, two, &other, NULL), -EINVAL, "one descriptor too many");
	tap_is(identity_read(packet_twice, two, &other, NULL), -EINVAL, "the same name twice");
}

int main(void)
{
	check_requests();
	check_defaults();
	check_files();
	check_openings();
	check_copies();
	return tap_done();
}
