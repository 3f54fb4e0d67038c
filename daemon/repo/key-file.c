/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with keys, and the PIN of a token. Which role has which is role-config.c's. */
#include "repo/key-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#define KEY_FILE_BYTES_MAX 65536
#define TOKEN_SCHEME "pkcs11:"

/* {"key": {...}, "uri": "pkcs11:..."} as keys/ has it, or the bare TUF key. */
static int parse_public(const char *text, size_t size, const char *what, struct signer **ret,
			struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL;
	const char *uri = NULL;
	json_t *key = NULL;
	int r = json_load_strict(text, size, what, &document, failure);

	if (r >= 0)
		r = json_member(document, "key", JSON_OBJECT, JSON_OPTIONAL, what, &key, failure);
	if (r >= 0)
		r = json_member_string(document, "uri", JSON_OPTIONAL, what, &uri, failure);
	return r < 0 ? r : signer_from_public(key ? key : document, uri, what, ret, failure);
}

static int parse_key(char *text, size_t size, const char *what, struct signer **ret,
		     struct failure *failure)
{
	size_t blank = strspn(text, " \t\r\n");
	int r;

	if (text[blank] == '{')
		return parse_public(text, size, what, ret, failure);
	r = signer_load(text, size, what, ret, failure);
	explicit_bzero(text, size);
	return r;
}

int key_file_read(const char *reference, struct signer **ret, struct failure *failure)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (strncmp(reference, TOKEN_SCHEME, strlen(TOKEN_SCHEME)) == 0)
		return signer_open(reference, ret, failure);
	r = file_read(AT_FDCWD, reference, KEY_FILE_BYTES_MAX, &text, &size);
	if (r == -ENOENT)
		return fail(failure, REASON_INVALID_ARGUMENT, "There is no key file %s.",
			    reference);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read the key %s", reference);
	return parse_key(text, size, reference, ret, failure);
}

int key_file_load(const struct site *site, const char *name, struct signer **ret,
		  struct failure *failure)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = site_read(site->keys_fd, name, KEY_FILE_BYTES_MAX, &text, &size, failure);

	if (r == -ENOENT)
		return fail(failure, REASON_INVALID_ARGUMENT, "The key keys/%s is gone.", name);
	return r < 0 ? r : parse_key(text, size, name, ret, failure);
}

static int save_public(const struct site *site, const char *name, const struct signer *signer,
		       struct failure *failure)
{
	_cleanup_json_ json_t *document = json_pack("{s:O}", "key", signer_public_key(signer));
	_cleanup_free_ char *text = NULL;

	if (signer_uri(signer))
		json_object_set_new(document, "uri", json_string(signer_uri(signer)));
	text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;
	return text ? site_write(site, site->keys_fd, name, text, strlen(text), KEY_FILE_MODE,
				 failure) :
		      fail_memory(failure);
}

int key_file_save(const struct site *site, const char *stem, const struct signer *signer,
		  struct failure *failure)
{
	bool is_private = signer_can_sign(signer) && !signer_uri(signer);
	_cleanup_free_ char *pem = NULL, *name = NULL;
	size_t size;
	int r;

	if (asprintf(&name, "%s.%s", stem, is_private ? "pem" : "json") < 0)
		return fail_memory(failure);
	if (!is_private)
		return save_public(site, name, signer, failure);
	r = signer_export(signer, &pem, &size, failure);
	if (r < 0)
		return r;
	r = site_write(site, site->keys_fd, name, pem, size, KEY_FILE_MODE, failure);
	explicit_bzero(pem, size);
	return r;
}

/* One line from the terminal, which does not show it. */
static int read_hidden(int terminal, char *text, size_t size)
{
	struct termios shown, hidden;
	size_t length = 0;
	char c;

	if (tcgetattr(terminal, &shown) < 0)
		return -errno;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(terminal, TCSAFLUSH, &hidden);
	while (read(terminal, &c, 1) == 1 && c != '\n')
		if (length + 1 < size)
			text[length++] = c;
	text[length] = '\0';
	(void)tcsetattr(terminal, TCSAFLUSH, &shown);
	(void)dprintf(terminal, "\n");
	return length > 0 ? 0 : -ENODATA;
}

static int ask_pin(const char *token_label, char *pin, size_t size)
{
	const char *given = getenv("FWSLOT_PIN");
	_cleanup_close_ int terminal = -EBADF;

	if (given) {
		if (strlen(given) >= size)
			return -E2BIG;
		strcpy(pin, given);
		return 0;
	}
	terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (terminal < 0)
		return -errno;
	(void)dprintf(terminal, "PIN of the token \"%s\": ", token_label);
	return read_hidden(terminal, pin, size);
}

void key_file_allow_tokens(void)
{
	signer_ask_pin(ask_pin);
}
