/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Public keys through GnuTLS. Private ones are signer.c's; who may sign what is role.c's. */
#include "trust/key.h"

#include <errno.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "base/hex.h"
#include "base/json.h"
#include "trust/limits.h"

#define ED25519_BYTES 32
#define P256_COORDINATE_BYTES 32
#define P256_POINT_BYTES (1 + 2 * P256_COORDINATE_BYTES) /* 04 x y */

struct key_kind;

struct key {
	char *id;
	const struct key_kind *kind; /* NULL: unusable */
	gnutls_pubkey_t public_key;
	uint8_t fingerprint[SHA256_BYTES];
};

struct key_kind {
	const char *keytype;
	const char *scheme;
	bool (*import)(gnutls_pubkey_t key, const char *text);
	bool (*fingerprint)(gnutls_pubkey_t key, uint8_t *digest);
	bool (*verify)(gnutls_pubkey_t key, const gnutls_datum_t *message,
		       const gnutls_datum_t *signature);
};

static gnutls_datum_t datum(const void *bytes, size_t size)
{
	return (gnutls_datum_t){ (unsigned char *)bytes, (unsigned int)size };
}

static bool import_pem(gnutls_pubkey_t key, const char *text, gnutls_pk_algorithm_t algorithm)
{
	gnutls_datum_t pem = datum(text, strlen(text));

	return gnutls_pubkey_import(key, &pem, GNUTLS_X509_FMT_PEM) >= 0 &&
	       gnutls_pubkey_get_pk_algorithm(key, NULL) == (int)algorithm;
}

static bool import_ed25519(gnutls_pubkey_t key, const char *text)
{
	uint8_t bytes[ED25519_BYTES];
	gnutls_datum_t x = datum(bytes, sizeof(bytes));

	return hex_decode(text, bytes, sizeof(bytes)) >= 0 &&
	       gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_ED25519, &x, NULL) >= 0;
}

/* A PEM, as written today, or the bare point "04...", as old documents have it. */
static bool import_ecdsa(gnutls_pubkey_t key, const char *text)
{
	uint8_t point[P256_POINT_BYTES];
	gnutls_datum_t x = datum(point + 1, P256_COORDINATE_BYTES);
	gnutls_datum_t y = datum(point + 1 + P256_COORDINATE_BYTES, P256_COORDINATE_BYTES);

	if (hex_decode(text, point, sizeof(point)) >= 0)
		return point[0] == 4 &&
		       gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) >= 0;
	return import_pem(key, text, GNUTLS_PK_ECDSA);
}

static bool import_rsa(gnutls_pubkey_t key, const char *text)
{
	unsigned int bits;

	return import_pem(key, text, GNUTLS_PK_RSA) &&
	       gnutls_pubkey_get_pk_algorithm(key, &bits) == GNUTLS_PK_RSA &&
	       bits >= TUF_RSA_BITS_MIN && bits <= TUF_RSA_BITS_MAX;
}

/* Two numbers of a key, hashed such that no other pair gives the same bytes. */
static bool fingerprint_numbers(const char *kind, const gnutls_datum_t *a, const gnutls_datum_t *b,
				uint8_t *digest)
{
	_cleanup_hash_ struct hash *hash = NULL;
	uint32_t sizes[2] = { a->size, b->size };

	if (hash_begin(HASH_SHA256, &hash) < 0)
		return false;
	hash_update(hash, kind, strlen(kind) + 1);
	hash_update(hash, sizes, sizeof(sizes));
	if (a->size > 0)
		hash_update(hash, a->data, a->size);
	if (b->size > 0)
		hash_update(hash, b->data, b->size);
	hash_finish(hash, digest);
	return true;
}

/* Also where a key on another curve is refused: GnuTLS itself would take a P-384 key. */
static bool fingerprint_curve(gnutls_pubkey_t key, gnutls_ecc_curve_t expected, const char *kind,
			      uint8_t *digest)
{
	gnutls_datum_t x = { 0 }, y = { 0 };
	gnutls_ecc_curve_t curve;
	bool is_done;

	if (gnutls_pubkey_export_ecc_raw2(key, &curve, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ) < 0)
		return false;
	is_done = curve == expected && fingerprint_numbers(kind, &x, &y, digest);
	gnutls_free(x.data);
	gnutls_free(y.data);
	return is_done;
}

static bool fingerprint_ed25519(gnutls_pubkey_t key, uint8_t *digest)
{
	return fingerprint_curve(key, GNUTLS_ECC_CURVE_ED25519, "ed25519", digest);
}

static bool fingerprint_ecdsa(gnutls_pubkey_t key, uint8_t *digest)
{
	return fingerprint_curve(key, GNUTLS_ECC_CURVE_SECP256R1, "ecdsa", digest);
}

static bool fingerprint_rsa(gnutls_pubkey_t key, uint8_t *digest)
{
	gnutls_datum_t modulus = { 0 }, exponent = { 0 };
	bool is_done;

	if (gnutls_pubkey_export_rsa_raw2(key, &modulus, &exponent, GNUTLS_EXPORT_FLAG_NO_LZ) < 0)
		return false;
	is_done = fingerprint_numbers("rsa", &modulus, &exponent, digest);
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return is_done;
}

static bool verify_ed25519(gnutls_pubkey_t key, const gnutls_datum_t *message,
			   const gnutls_datum_t *signature)
{
	return gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, message, signature) >=
	       0;
}

static bool verify_ecdsa(gnutls_pubkey_t key, const gnutls_datum_t *message,
			 const gnutls_datum_t *signature)
{
	return gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_ECDSA_SHA256, 0, message, signature) >=
	       0;
}

/*
 * RSASSA-PSS where the salt is as long as the key allows: what some signers make by
 * default. GnuTLS must be told the length, by a key of its own.
 */
static bool verify_rsa_largest_salt(gnutls_pubkey_t key, const gnutls_datum_t *message,
				    const gnutls_datum_t *signature)
{
	gnutls_datum_t modulus = { 0 }, exponent = { 0 };
	gnutls_pubkey_t copy = NULL;
	gnutls_x509_spki_t parameters = NULL;
	unsigned int bits = 0, encoded_bytes;
	bool is_valid;

	gnutls_pubkey_get_pk_algorithm(key, &bits);
	encoded_bytes = (bits - 1 + 7) / 8; /* RFC 8017, 9.1.1: emLen */
	is_valid = gnutls_pubkey_export_rsa_raw2(key, &modulus, &exponent, 0) >= 0 &&
		   gnutls_pubkey_init(&copy) >= 0 && gnutls_x509_spki_init(&parameters) >= 0 &&
		   gnutls_pubkey_import_rsa_raw(copy, &modulus, &exponent) >= 0;
	if (is_valid) {
		gnutls_x509_spki_set_rsa_pss_params(parameters, GNUTLS_DIG_SHA256,
						    encoded_bytes - SHA256_BYTES - 2);
		is_valid = gnutls_pubkey_set_spki(copy, parameters, 0) >= 0 &&
			   gnutls_pubkey_verify_data2(copy, GNUTLS_SIGN_RSA_PSS_SHA256, 0, message,
						      signature) >= 0;
	}
	if (parameters)
		gnutls_x509_spki_deinit(parameters);
	if (copy)
		gnutls_pubkey_deinit(copy);
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return is_valid;
}

static bool verify_rsa(gnutls_pubkey_t key, const gnutls_datum_t *message,
		       const gnutls_datum_t *signature)
{
	return gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0, message,
					  signature) >= 0 ||
	       verify_rsa_largest_salt(key, message, signature);
}

/*
 * Not in the specification, but what python-tuf's signers and the public conformance suite's
 * repository use where nothing else is asked for. As a signature it is as good; the same key
 * under both schemes has one fingerprint and counts once.
 */
static bool verify_rsa_pkcs1(gnutls_pubkey_t key, const gnutls_datum_t *message,
			     const gnutls_datum_t *signature)
{
	return gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_RSA_SHA256, 0, message, signature) >= 0;
}

static const struct key_kind kinds[] = {
	{ "ed25519", "ed25519", import_ed25519, fingerprint_ed25519, verify_ed25519 },
	{ "ecdsa", "ecdsa-sha2-nistp256", import_ecdsa, fingerprint_ecdsa, verify_ecdsa },
	/* the same under the keytype that older tools wrote */
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", import_ecdsa, fingerprint_ecdsa,
	  verify_ecdsa },
	{ "rsa", "rsassa-pss-sha256", import_rsa, fingerprint_rsa, verify_rsa },
	{ "rsa", "rsa-pkcs1v15-sha256", import_rsa, fingerprint_rsa, verify_rsa_pkcs1 },
};

static const struct key_kind *find_kind(const char *keytype, const char *scheme)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].keytype, keytype) == 0 && strcmp(kinds[i].scheme, scheme) == 0)
			return &kinds[i];
	return NULL;
}

/* Sets key->kind if all goes well; leaves an unusable key otherwise. */
static void decode(struct key *key, const struct key_kind *kind, const char *text)
{
	if (gnutls_pubkey_init(&key->public_key) < 0) {
		key->public_key = NULL;
		return;
	}
	if (kind->import(key->public_key, text) &&
	    kind->fingerprint(key->public_key, key->fingerprint))
		key->kind = kind;
}

int key_parse(const char *id, const json_t *object, const char *what, struct key **ret,
	      struct failure *failure)
{
	_cleanup_key_ struct key *key = NULL;
	const char *keytype, *scheme, *text;
	const struct key_kind *kind;
	json_t *value;
	int r;

	r = json_member_string(object, "keytype", JSON_REQUIRED, what, &keytype, failure);
	if (r >= 0)
		r = json_member_string(object, "scheme", JSON_REQUIRED, what, &scheme, failure);
	if (r >= 0)
		r = json_member(object, "keyval", JSON_OBJECT, JSON_REQUIRED, what, &value,
				failure);
	if (r < 0)
		return r;
	key = calloc(1, sizeof(*key));
	if (!key || !(key->id = strdup(id)))
		return fail_memory(failure);
	kind = find_kind(keytype, scheme);
	text = json_string_value(json_object_get(value, "public"));
	if (kind && text)
		decode(key, kind, text);
	*ret = TAKE_PTR(key);
	return 0;
}

void key_free(struct key *key)
{
	if (!key)
		return;
	if (key->public_key)
		gnutls_pubkey_deinit(key->public_key);
	free(key->id);
	free(key);
}

const char *key_id(const struct key *key)
{
	return key->id;
}

bool key_is_usable(const struct key *key)
{
	return key->kind;
}

const uint8_t *key_fingerprint(const struct key *key)
{
	return key->fingerprint;
}

bool key_verify(const struct key *key, const void *message, size_t size, const char *signature)
{
	uint8_t bytes[TUF_SIGNATURE_BYTES_MAX];
	gnutls_datum_t signed_bytes = datum(message, size);
	gnutls_datum_t signature_bytes = datum(bytes, strlen(signature) / 2);

	if (!key->kind || signature_bytes.size == 0 || signature_bytes.size > sizeof(bytes) ||
	    hex_decode(signature, bytes, signature_bytes.size) < 0)
		return false;
	return key->kind->verify(key->public_key, &signed_bytes, &signature_bytes);
}
