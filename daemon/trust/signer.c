/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private keys through GnuTLS, in memory or on a token. Verifying is key.c's. */
#include "trust/signer.h"

#include <errno.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>

#include "base/hex.h"
#include "base/json.h"
#include "trust/key.h"
#include "trust/limits.h"

struct signer {
	enum signer_kind kind;
	char *uri; /* of the key on its token, or NULL */
	gnutls_x509_privkey_t key; /* NULL: not in memory */
	gnutls_privkey_t abstract; /* what signs; NULL: not here, or not looked at yet */
	json_t *public_key;
	char key_id[SHA256_TEXT_SIZE];
};

static const struct {
	const char *word;
	const char *keytype;
	const char *scheme;
	gnutls_pk_algorithm_t algorithm;
	unsigned int bits; /* to generate: bits, or a curve as bits */
	gnutls_sign_algorithm_t signature;
} kinds[_SIGNER_KIND_COUNT] = {
	[SIGNER_ED25519] = { "ed25519", "ed25519", "ed25519", GNUTLS_PK_EDDSA_ED25519,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519),
			     GNUTLS_SIGN_EDDSA_ED25519 },
	[SIGNER_ECDSA] = { "ecdsa", "ecdsa", "ecdsa-sha2-nistp256", GNUTLS_PK_ECDSA,
			   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
			   GNUTLS_SIGN_ECDSA_SHA256 },
	[SIGNER_RSA] = { "rsa", "rsa", "rsassa-pss-sha256", GNUTLS_PK_RSA, 3072,
			 GNUTLS_SIGN_RSA_PSS_RSAE_SHA256 },
};

const char *signer_kind_word(enum signer_kind kind)
{
	return kinds[kind].word;
}

enum signer_kind signer_kind_from_word(const char *word)
{
	for (int i = 0; i < _SIGNER_KIND_COUNT; i++)
		if (strcmp(kinds[i].word, word) == 0)
			return (enum signer_kind)i;
	return _SIGNER_KIND_INVALID;
}

static int fail_gnutls(struct failure *failure, int error, const char *what)
{
	return fail(failure, REASON_INTERNAL, "%s: %s.", what, gnutls_strerror(error));
}

static enum signer_kind kind_of(gnutls_pubkey_t key)
{
	unsigned int bits = 0;
	gnutls_ecc_curve_t curve;

	switch (gnutls_pubkey_get_pk_algorithm(key, &bits)) {
	case GNUTLS_PK_EDDSA_ED25519:
		return SIGNER_ED25519;
	case GNUTLS_PK_ECDSA:
		if (gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0) < 0 ||
		    curve != GNUTLS_ECC_CURVE_SECP256R1)
			return _SIGNER_KIND_INVALID;
		return SIGNER_ECDSA;
	case GNUTLS_PK_RSA:
		return bits >= TUF_RSA_BITS_MIN && bits <= TUF_RSA_BITS_MAX ? SIGNER_RSA :
									      _SIGNER_KIND_INVALID;
	default:
		return _SIGNER_KIND_INVALID;
	}
}

/* The public half as TUF writes it: 64 hexadecimal digits for ed25519, else PEM. */
static int public_text(gnutls_pubkey_t key, enum signer_kind kind, char **ret)
{
	gnutls_datum_t out = { 0 };
	int r;

	if (kind == SIGNER_ED25519) {
		r = gnutls_pubkey_export_ecc_raw2(key, NULL, &out, NULL, 0);
		*ret = r < 0 ? NULL : malloc(2 * out.size + 1);
		if (r >= 0 && *ret)
			hex_encode(out.data, out.size, *ret);
	} else {
		r = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_PEM, &out);
		*ret = r < 0 ? NULL : strndup((const char *)out.data, out.size);
	}
	gnutls_free(out.data);
	return r >= 0 && !*ret ? GNUTLS_E_MEMORY_ERROR : r;
}

/* TUF 4.2.1: the id is the digest of the key's canonical form. */
static int name_key(struct signer *signer, struct failure *failure)
{
	_cleanup_free_ char *canonical = NULL;
	uint8_t digest[SHA256_BYTES];
	size_t size;

	if (!signer->public_key || json_canonical(signer->public_key, &canonical, &size) < 0 ||
	    hash_bytes(HASH_SHA256, canonical, size, digest) < 0)
		return fail_memory(failure);
	hex_encode(digest, sizeof(digest), signer->key_id);
	return 0;
}

/* Fills kind, public_key and key_id from the public half. */
static int describe_public(struct signer *signer, gnutls_pubkey_t key, const char *what,
			   struct failure *failure)
{
	_cleanup_free_ char *text = NULL;
	int r;

	signer->kind = kind_of(key);
	if (signer->kind == _SIGNER_KIND_INVALID)
		return fail(failure, REASON_MALFORMED,
			    "%s: expected an Ed25519, ECDSA P-256, or RSA key of %d to %d bits.",
			    what, TUF_RSA_BITS_MIN, TUF_RSA_BITS_MAX);
	r = public_text(key, signer->kind, &text);
	if (r < 0)
		return fail_gnutls(failure, r, "Cannot get the public key");
	signer->public_key = json_pack("{s:s, s:s, s:{s:s}}", "keytype",
				       kinds[signer->kind].keytype, "scheme",
				       kinds[signer->kind].scheme, "keyval", "public", text);
	return name_key(signer, failure);
}

static int describe(struct signer *signer, const char *what, struct failure *failure)
{
	gnutls_pubkey_t key;
	int r = gnutls_pubkey_init(&key);

	if (r < 0)
		return fail_memory(failure);
	r = gnutls_pubkey_import_privkey(key, signer->abstract, 0, 0);
	r = r < 0 ? fail(failure, REASON_INVALID_ARGUMENT, "%s: the public key cannot be got: %s.",
			 what, gnutls_strerror(r)) :
		    describe_public(signer, key, what, failure);
	gnutls_pubkey_deinit(key);
	return r;
}

/* An empty signer with GnuTLS's two objects. */
static struct signer *signer_new(void)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		return NULL;
	if (gnutls_x509_privkey_init(&signer->key) < 0)
		signer->key = NULL;
	if (gnutls_privkey_init(&signer->abstract) < 0)
		signer->abstract = NULL;
	if (!signer->key || !signer->abstract) {
		signer_free(signer);
		return NULL;
	}
	return signer;
}

/* Once the key is there. */
static int finish(struct signer *signer, const char *what, struct failure *failure)
{
	int r = gnutls_privkey_import_x509(signer->abstract, signer->key, 0);

	return r < 0 ? fail_gnutls(failure, r, "Cannot use the private key") :
		       describe(signer, what, failure);
}

int signer_generate(enum signer_kind kind, struct signer **ret, struct failure *failure)
{
	_cleanup_signer_ struct signer *signer = signer_new();
	int r;

	if (!signer)
		return fail_memory(failure);
	r = gnutls_x509_privkey_generate(signer->key, kinds[kind].algorithm, kinds[kind].bits, 0);
	if (r < 0)
		return fail_gnutls(failure, r, "Cannot generate a key");
	r = finish(signer, "the new key", failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(signer);
	return 0;
}

int signer_load(const char *pem, size_t size, const char *what, struct signer **ret,
		struct failure *failure)
{
	_cleanup_signer_ struct signer *signer = signer_new();
	gnutls_datum_t in = { (unsigned char *)pem, (unsigned int)size };
	int r;

	if (!signer)
		return fail_memory(failure);
	r = gnutls_x509_privkey_import2(signer->key, &in, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (r < 0)
		return fail(
			failure, REASON_MALFORMED,
			"%s: expected an unencrypted private key as PEM (\"BEGIN PRIVATE KEY\"): %s.",
			what, gnutls_strerror(r));
	r = finish(signer, what, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(signer);
	return 0;
}

static signer_ask_pin_t ask_pin;

static int give_pin(void *userdata, int attempt, const char *uri, const char *label,
		    unsigned int flags, char *pin, size_t size)
{
	(void)userdata;
	(void)uri;
	/* A token locks itself after a few wrong ones: asked once, never repeated by a program. */
	if (attempt > 0 || (flags & (GNUTLS_PIN_WRONG | GNUTLS_PIN_FINAL_TRY)) || !ask_pin)
		return -1;
	return ask_pin(label ? label : "", pin, size) < 0 ? -1 : 0;
}

void signer_ask_pin(signer_ask_pin_t ask)
{
	ask_pin = ask;
	gnutls_pkcs11_set_pin_function(give_pin, NULL);
}

static int import_uri(gnutls_privkey_t key, const char *uri, struct failure *failure)
{
	int r = gnutls_privkey_import_url(key, uri, 0);

	return r < 0 ? fail(failure, REASON_INVALID_ARGUMENT,
			    "There is no usable private key at %s: %s. \"p11tool --list-all --login\" "
			    "shows what a token holds.",
			    uri, gnutls_strerror(r)) :
		       0;
}

int signer_open(const char *uri, struct signer **ret, struct failure *failure)
{
	_cleanup_signer_ struct signer *signer = calloc(1, sizeof(*signer));
	int r;

	if (!signer || !(signer->uri = strdup(uri)) || gnutls_privkey_init(&signer->abstract) < 0)
		return fail_memory(failure);
	r = import_uri(signer->abstract, uri, failure);
	if (r >= 0)
		r = describe(signer, uri, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(signer);
	return 0;
}

static enum signer_kind kind_of_public(const json_t *public_key)
{
	const char *keytype = json_string_value(json_object_get(public_key, "keytype"));
	const char *scheme = json_string_value(json_object_get(public_key, "scheme"));

	for (int i = 0; keytype && scheme && i < _SIGNER_KIND_COUNT; i++)
		if (strcmp(kinds[i].keytype, keytype) == 0 && strcmp(kinds[i].scheme, scheme) == 0)
			return (enum signer_kind)i;
	return _SIGNER_KIND_INVALID;
}

int signer_from_public(const json_t *public_key, const char *uri, const char *what,
		       struct signer **ret, struct failure *failure)
{
	_cleanup_signer_ struct signer *signer = calloc(1, sizeof(*signer));
	_cleanup_key_ struct key *key = NULL;
	int r;

	if (!signer || (uri && !(signer->uri = strdup(uri))))
		return fail_memory(failure);
	r = key_parse("", public_key, what, &key, failure);
	if (r < 0)
		return r;
	signer->kind = kind_of_public(public_key);
	if (signer->kind == _SIGNER_KIND_INVALID || !key_is_usable(key))
		return fail(
			failure, REASON_MALFORMED,
			"%s: expected a public TUF key, as \"fwslot-repo key --public\" writes it.",
			what);
	signer->public_key = json_deep_copy(public_key);
	r = name_key(signer, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(signer);
	return 0;
}

bool signer_can_sign(const struct signer *signer)
{
	return signer->abstract || signer->uri;
}

const char *signer_uri(const struct signer *signer)
{
	return signer->uri;
}

/* Looks at the key on its token, which must still be the one that it was. */
static int open_token(struct signer *signer, struct failure *failure)
{
	_cleanup_signer_ struct signer *found = NULL;
	int r;

	if (signer->abstract)
		return 0;
	if (!signer->uri)
		return fail(failure, REASON_UNSIGNED, "The private half of key %.8s is not here.",
			    signer->key_id);
	r = signer_open(signer->uri, &found, failure);
	if (r < 0)
		return r;
	if (strcmp(found->key_id, signer->key_id) != 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s holds key %.8s now, expected key %.8s.", signer->uri, found->key_id,
			    signer->key_id);
	signer->abstract = TAKE_PTR(found->abstract);
	return 0;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	json_decref(signer->public_key);
	if (signer->abstract)
		gnutls_privkey_deinit(signer->abstract);
	if (signer->key)
		gnutls_x509_privkey_deinit(signer->key);
	free(signer->uri);
	free(signer);
}

int signer_export(const struct signer *signer, char **ret, size_t *ret_size,
		  struct failure *failure)
{
	gnutls_datum_t out = { 0 };
	int r = gnutls_x509_privkey_export2_pkcs8(signer->key, GNUTLS_X509_FMT_PEM, NULL,
						  GNUTLS_PKCS_PLAIN, &out);

	if (r < 0)
		return fail_gnutls(failure, r, "Cannot write the private key");
	*ret = strndup((const char *)out.data, out.size);
	*ret_size = out.size;
	gnutls_memset(out.data, 0, out.size);
	gnutls_free(out.data);
	return *ret ? 0 : fail_memory(failure);
}

const char *signer_key_id(const struct signer *signer)
{
	return signer->key_id;
}

enum signer_kind signer_kind(const struct signer *signer)
{
	return signer->kind;
}

json_t *signer_public_key(const struct signer *signer)
{
	return signer->public_key;
}

int signer_sign(struct signer *signer, const void *bytes, size_t size, char **ret,
		struct failure *failure)
{
	gnutls_datum_t in = { (unsigned char *)bytes, (unsigned int)size }, out = { 0 };
	int r = open_token(signer, failure);

	if (r < 0)
		return r;
	r = gnutls_privkey_sign_data2(signer->abstract, kinds[signer->kind].signature, 0, &in,
				      &out);
	if (r < 0)
		return fail_gnutls(failure, r, "Cannot sign");
	*ret = malloc(2 * out.size + 1);
	if (*ret)
		hex_encode(out.data, out.size, *ret);
	gnutls_free(out.data);
	return *ret ? 0 : fail_memory(failure);
}

static int add_signature(json_t *signatures, struct signer *signer, const char *canonical,
			 size_t size, struct failure *failure)
{
	_cleanup_free_ char *text = NULL;
	int r = signer_sign(signer, canonical, size, &text, failure);

	if (r < 0)
		return r;
	r = json_array_append_new(signatures,
				  json_pack("{s:s, s:s}", "keyid", signer->key_id, "sig", text));
	return r < 0 ? fail_memory(failure) : 0;
}

int signer_sign_document(json_t *signed_part, struct signer *const *signers, size_t count,
			 json_t **ret, struct failure *failure)
{
	_cleanup_json_ json_t *signatures = json_array();
	_cleanup_free_ char *canonical = NULL;
	size_t size;
	int r;

	if (!signatures || json_canonical(signed_part, &canonical, &size) < 0)
		return fail_memory(failure);
	for (size_t i = 0; i < count; i++) {
		if (!signer_can_sign(signers[i]))
			continue;
		r = add_signature(signatures, signers[i], canonical, size, failure);
		if (r < 0)
			return r;
	}
	*ret = json_pack("{s:O, s:O}", "signatures", signatures, "signed", signed_part);
	return *ret ? 0 : fail_memory(failure);
}
