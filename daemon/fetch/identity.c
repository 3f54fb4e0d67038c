/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of OP=open, its rules, and the copies of its files. */
#include "fetch/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fetch-protocol.h"
#include "base/file.h"
#include "fetch/fields.h"
#include "fetch/url.h"

/* What OP=open says, before it is checked. */
struct opening {
	const char *trust, *pinned_key, *descriptors, *certificate, *private_key, *key_password,
		*proxy;
};

/* Room for each of the three names once, and two commas. */
#define DESCRIPTORS_MAX 64
#define PIN_LENGTH 52 /* "sha256//" and 32 bytes in base64 */

#define TEXT(key_, member_, max_)                                                               \
	{                                                                                       \
		.key = key_, .offset = offsetof(struct opening, member_), .min = 1, .max = max_ \
	}

static const struct field fields[] = {
	TEXT(FETCH_KEY_TRUST, trust, 16),
	TEXT(FETCH_KEY_PINNED_KEY, pinned_key, FETCH_PINS_MAX *(PIN_LENGTH + 1)),
	TEXT(FETCH_KEY_DESCRIPTORS, descriptors, DESCRIPTORS_MAX),
	TEXT(FETCH_KEY_CERTIFICATE, certificate, FETCH_URI_MAX),
	TEXT(FETCH_KEY_PRIVATE_KEY, private_key, FETCH_URI_MAX),
	TEXT(FETCH_KEY_KEY_PASSWORD, key_password, FETCH_PASSWORD_MAX),
	TEXT(FETCH_KEY_PROXY, proxy, FETCH_URL_MAX),
};

static const char *const trust_words[_TRUST_COUNT] = {
	[TRUST_SYSTEM] = FETCH_TRUST_SYSTEM,
	[TRUST_CA] = FETCH_TRUST_CA,
	[TRUST_KEY] = FETCH_TRUST_KEY,
};

static const char *const file_words[_IDENTITY_FILE_COUNT] = {
	[IDENTITY_CA] = FETCH_DESCRIPTOR_CA,
	[IDENTITY_CERTIFICATE] = FETCH_DESCRIPTOR_CERTIFICATE,
	[IDENTITY_PRIVATE_KEY] = FETCH_DESCRIPTOR_PRIVATE_KEY,
};

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	if (identity->key_password)
		explicit_bzero(identity->key_password, strlen(identity->key_password));
	free(identity->pinned_key);
	free(identity->ca);
	free(identity->certificate);
	free(identity->private_key);
	free(identity->key_password);
	free(identity->proxy);
	close_fds(identity->files, _IDENTITY_FILE_COUNT);
	free(identity);
}

/* The index of the word at @text, which ends at a comma or NUL, or -1. */
static int word_index(const char *text, const char *const *words, size_t count)
{
	size_t length = strcspn(text, ",");

	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == length && memcmp(text, words[i], length) == 0)
			return (int)i;
	return -1;
}

static int copy_bytes(int from, int to, const char *word, struct failure *failure)
{
	char buffer[16384];
	off_t position = 0;

	for (;;) {
		ssize_t n = pread(from, buffer, sizeof(buffer), position);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(failure, errno, "Cannot read the file \"%s\"", word);
		if (n == 0)
			break;
		position += n;
		if (position > FETCH_PEM_BYTES_MAX)
			return fail(failure, REASON_TOO_LARGE,
				    "The file \"%s\" has more than %d bytes.", word,
				    FETCH_PEM_BYTES_MAX);
		r = file_write_all(&io_default, to, buffer, (size_t)n);
		explicit_bzero(buffer, (size_t)n);
		if (r < 0)
			return fail_errno(failure, r, "Cannot keep the file \"%s\"", word);
	}
	if (position == 0)
		return fail(failure, REASON_TRUNCATED, "The file \"%s\" is empty.", word);
	return 0;
}

/* Copies one file; its new name is by /proc: libcurl and GnuTLS want names. */
static int copy_file(int from, enum identity_file file, struct identity *identity,
		     struct failure *failure)
{
	char **const names[_IDENTITY_FILE_COUNT] = { &identity->ca, &identity->certificate,
						     &identity->private_key };
	const char *word = file_words[file];
	struct stat status;
	int to;

	if (from < 0)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"DESCRIPTORS names \"%s\", but fewer descriptors came with the request.",
			word);
	if (identity->files[file] >= 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "DESCRIPTORS names \"%s\" twice.",
			    word);
	if (fstat(from, &status) < 0)
		return fail_errno(failure, errno, "Cannot look at the file \"%s\"", word);
	if (!S_ISREG(status.st_mode))
		return fail(failure, REASON_NOT_REGULAR_FILE, "\"%s\" is not a regular file.",
			    word);
	to = memfd_create(word, MFD_CLOEXEC);
	if (to < 0)
		return fail_errno(failure, errno, "Cannot keep the file \"%s\"", word);
	identity->files[file] = to;
	if (asprintf(names[file], "/proc/self/fd/%d", to) < 0) {
		*names[file] = NULL;
		return fail_memory(failure);
	}
	return copy_bytes(from, to, word, failure);
}

static int copy_files(const char *words, const int fds[static PACKET_FDS_MAX],
		      struct identity *identity, struct failure *failure)
{
	size_t count = 0;

	while (words && count < _IDENTITY_FILE_COUNT) {
		int file = word_index(words, file_words, _IDENTITY_FILE_COUNT);
		int r;

		if (file < 0)
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"DESCRIPTORS must list ca, certificate, private-key, separated by commas.");
		r = copy_file(fds[count++], (enum identity_file)file, identity, failure);
		if (r < 0)
			return r;
		words = strchr(words, ',');
		words += words != NULL;
	}
	if (words || fds[count] >= 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "DESCRIPTORS and the descriptors with the request differ in number.");
	return 0;
}

static bool is_pin(const char *text, size_t length)
{
	static const char prefix[] = "sha256//";
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return length == PIN_LENGTH && memcmp(text, prefix, sizeof(prefix) - 1) == 0 &&
	       strspn(text + sizeof(prefix) - 1, letters) == 43 && text[length - 1] == '=';
}

/* libcurl takes what does not begin with sha256// for the name of a file: never let it. */
static int check_pins(const char *pins, struct failure *failure)
{
	for (unsigned int count = 1; count <= FETCH_PINS_MAX; count++) {
		size_t length = strcspn(pins, ";");

		if (!is_pin(pins, length))
			break;
		if (pins[length] == 0)
			return 0;
		pins += length + 1;
	}
	return fail(
		failure, REASON_INVALID_ARGUMENT,
		"PINNED_KEY must be one to %d times sha256// and 44 characters of base64, separated by "
		"semicolons.",
		FETCH_PINS_MAX);
}

static int check_opening(const struct opening *opening, const struct identity *identity,
			 struct failure *failure)
{
	if ((identity->trust == TRUST_CA) != (identity->ca != NULL))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "TRUST=ca needs the descriptor \"ca\", and nothing else does.");
	if (identity->trust == TRUST_KEY && !opening->pinned_key)
		return fail(failure, REASON_INVALID_ARGUMENT, "TRUST=key needs PINNED_KEY.");
	if (!identity->certificate != !identity->private_key)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "A client certificate and its private key must be given together.");
	if (opening->key_password && !identity->private_key)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "KEY_PASSWORD is for a private key; there is none.");
	if (opening->pinned_key && check_pins(opening->pinned_key, failure) < 0)
		return -EINVAL;
	if (opening->proxy)
		return url_check_proxy(opening->proxy, failure);
	return 0;
}

/* Takes @uri as the name of @key unless a file has given it one. */
static int keep_uri(const char *uri, const char *key, char **name, struct failure *failure)
{
	if (!uri)
		return 0;
	if (*name || strncmp(uri, "pkcs11:", 7) != 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s must be a PKCS#11 URI (pkcs11:...), and not be there twice.", key);
	*name = strdup(uri);
	return *name ? 0 : fail_memory(failure);
}

static int keep_text(const char *text, char **ret, struct failure *failure)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : fail_memory(failure);
}

static struct identity *identity_new(void)
{
	struct identity *identity = calloc(1, sizeof(*identity));

	for (size_t i = 0; identity && i < _IDENTITY_FILE_COUNT; i++)
		identity->files[i] = -EBADF;
	return identity;
}

static int read_trust(const char *word, enum trust *ret, struct failure *failure)
{
	int trust = word ? word_index(word, trust_words, _TRUST_COUNT) : TRUST_SYSTEM;

	if (trust < 0 || (word && strchr(word, ',')))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "TRUST is \"%.16s\", but must be %s, %s or %s.", word,
			    FETCH_TRUST_SYSTEM, FETCH_TRUST_CA, FETCH_TRUST_KEY);
	*ret = (enum trust)trust;
	return 0;
}

int identity_read(const struct packet *packet, const int fds[static PACKET_FDS_MAX],
		  struct identity **ret, struct failure *failure)
{
	_cleanup_identity_ struct identity *identity = identity_new();
	struct opening opening;
	int r;

	if (!identity)
		return fail_memory(failure);
	r = fields_read(packet, fields, ARRAY_SIZE(fields), &opening, failure);
	if (r >= 0)
		r = read_trust(opening.trust, &identity->trust, failure);
	if (r >= 0)
		r = copy_files(opening.descriptors, fds, identity, failure);
	if (r >= 0)
		r = keep_uri(opening.certificate, FETCH_KEY_CERTIFICATE, &identity->certificate,
			     failure);
	if (r >= 0)
		r = keep_uri(opening.private_key, FETCH_KEY_PRIVATE_KEY, &identity->private_key,
			     failure);
	if (r >= 0)
		r = check_opening(&opening, identity, failure);
	if (r >= 0)
		r = keep_text(opening.pinned_key, &identity->pinned_key, failure);
	if (r >= 0)
		r = keep_text(opening.key_password, &identity->key_password, failure);
	if (r >= 0)
		r = keep_text(opening.proxy, &identity->proxy, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(identity);
	return 0;
}
