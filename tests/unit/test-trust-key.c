/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys, signatures and thresholds; keys made by openssl beside our own. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "tap.h"
#include "trust/key.h"
#include "trust/role.h"
#include "trust/signed.h"
#include "trust/signer.h"

static const char message[] = "what is signed";

static struct key *parse_key(const json_t *object)
{
	struct failure failure = { 0 };
	struct key *key = NULL;

	if (key_parse("id", object, "test", &key, &failure) < 0)
		printf("# %s\n", failure_message(&failure));
	failure_clear(&failure);
	return key;
}

/* A key object as a document has it. */
static struct key *make_key(const char *keytype, const char *scheme, const char *public)
{
	_cleanup_json_ json_t *object = json_pack("{s:s, s:s, s:{s:s}}", "keytype", keytype,
						  "scheme", scheme, "keyval", "public", public);

	return parse_key(object);
}

static void test_own_signatures(enum signer_kind kind)
{
	_cleanup_signer_ struct signer *signer = NULL, *loaded = NULL, *other = NULL;
	_cleanup_key_ struct key *key = NULL, *other_key = NULL;
	_cleanup_free_ char *signature = NULL, *pem = NULL;
	const char *word = signer_kind_word(kind);
	size_t size;

	tap_ok(signer_generate(kind, &signer, NULL) >= 0, "%s: generate", word);
	tap_ok(signer_export(signer, &pem, &size, NULL) >= 0 && strstr(pem, "BEGIN PRIVATE KEY"),
	       "%s: export", word);
	tap_ok(signer_load(pem, size, "pem", &loaded, NULL) >= 0, "%s: load", word);
	tap_is_string(signer_key_id(loaded), signer_key_id(signer), "the key id is the same");
	tap_ok(signer_sign(loaded, message, strlen(message), &signature, NULL) >= 0, "%s: sign",
	       word);
	key = parse_key(signer_public_key(signer));
	tap_ok(key && key_is_usable(key), "%s: the public key is usable", word);
	tap_ok(key_verify(key, message, strlen(message), signature), "%s: verify", word);
	tap_ok(!key_verify(key, "what is signe", 13, signature), "%s: not another message", word);
	tap_ok(!key_verify(key, message, strlen(message), ""), "%s: not an empty signature", word);
	tap_ok(!key_verify(key, message, strlen(message), "zz"), "%s: not what is no hexadecimal",
	       word);
	signature[strlen(signature) - 1] ^= 1;
	tap_ok(!key_verify(key, message, strlen(message), signature),
	       "%s: not an altered signature", word);
	signature[strlen(signature) - 1] ^= 1;
	signature[strlen(signature) - 2] = 0;
	tap_ok(!key_verify(key, message, strlen(message), signature), "%s: not a truncated one",
	       word);
	tap_ok(signer_generate(kind, &other, NULL) >= 0, "%s: another key", word);
	other_key = parse_key(signer_public_key(other));
	tap_ok(memcmp(key_fingerprint(key), key_fingerprint(other_key), SHA256_BYTES) != 0,
	       "%s: two keys have two fingerprints", word);
}

/* A folder with what openssl makes; removed at the end. */
static char folder[64] = "/tmp/fwslot-test-XXXXXX";

_printf_(1, 2) static void shell(const char *format, ...)
{
	char command[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		tap_bail("failed: %s", command);
}

static char *read_text(const char *name)
{
	char path[256], *text;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &size) < 0)
		tap_bail("cannot read %s", path);
	return text;
}

static char *read_signature(const char *name)
{
	char path[256], *bytes, *text;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (file_read(AT_FDCWD, path, 1 << 20, &bytes, &size) < 0)
		tap_bail("cannot read %s", path);
	text = malloc(2 * size + 1);
	hex_encode((uint8_t *)bytes, size, text);
	free(bytes);
	return text;
}

/* Generates with openssl genpkey @options, signs with pkeyutl or dgst @how, and checks. */
static void test_openssl(const char *options, const char *how, const char *keytype,
			 const char *scheme, bool expected, const char *what)
{
	_cleanup_free_ char *public = NULL, *signature = NULL;
	_cleanup_key_ struct key *key = NULL;

	shell("openssl genpkey %s -out %s/k.pem 2>/dev/null", options, folder);
	shell("openssl pkey -in %s/k.pem -pubout -out %s/p.pem", folder, folder);
	shell("printf '%s' >%s/m", message, folder);
	shell("openssl %s %s/k.pem -out %s/s %s %s/m", how, folder, folder,
	      strncmp(how, "pkeyutl", 7) == 0 ? "-in" : "", folder);
	public = read_text("p.pem");
	signature = read_signature("s");
	key = make_key(keytype, scheme, public);
	tap_is(key && key_verify(key, message, strlen(message), signature), expected, what);
}

static void test_openssl_keys(void)
{
	test_openssl("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "dgst -sha256 -sign",
		     "ecdsa", "ecdsa-sha2-nistp256", true, "ECDSA P-256 by openssl");
	test_openssl("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "dgst -sha256 -sign",
		     "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", true,
		     "the same under the old keytype");
	test_openssl("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "dgst -sha256 -sign",
		     "ecdsa", "ecdsa-sha2-nistp256", false, "not a P-384 key");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
		     "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign",
		     "rsa", "rsassa-pss-sha256", true, "RSA-PSS, salt 32");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
		     "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max -sign",
		     "rsa", "rsassa-pss-sha256", true, "RSA-PSS, the largest salt");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
		     "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max -sign",
		     "rsa", "rsassa-pss-sha256", true, "RSA-PSS, 3072 bits, the largest salt");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "dgst -sha256 -sign", "rsa",
		     "rsassa-pss-sha256", false, "not PKCS #1 v1.5 padding");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "dgst -sha256 -sign", "rsa",
		     "rsa-pkcs1v15-sha256", true, "which has a scheme of its own");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
		     "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign",
		     "rsa", "rsa-pkcs1v15-sha256", false, "that is not PSS");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
		     "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign",
		     "rsa", "rsassa-pss-sha256", false, "not an RSA key of 1024 bits");
	test_openssl("-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
		     "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign",
		     "ecdsa", "ecdsa-sha2-nistp256", false,
		     "not an RSA key that calls itself ECDSA");
}

/* openssl's raw Ed25519 key and signature. */
static void test_openssl_ed25519(void)
{
	_cleanup_free_ char *signature = NULL, *public = NULL;
	_cleanup_key_ struct key *key = NULL;

	shell("openssl genpkey -algorithm ED25519 -out %s/k.pem", folder);
	shell("openssl pkey -in %s/k.pem -pubout -outform DER | tail -c 32 >%s/raw", folder,
	      folder);
	shell("openssl pkeyutl -sign -rawin -inkey %s/k.pem -in %s/m -out %s/s", folder, folder,
	      folder);
	public = read_signature("raw");
	signature = read_signature("s");
	key = make_key("ed25519", "ed25519", public);
	tap_ok(key && key_verify(key, message, strlen(message), signature), "Ed25519 by openssl");
}

/* The bare point "04..." and the PEM of one key. */
static void test_bare_point(void)
{
	_cleanup_free_ char *point = NULL, *pem = NULL, *signature = NULL;
	_cleanup_key_ struct key *bare = NULL, *full = NULL, *compressed = NULL;

	shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %s/k.pem",
	      folder);
	shell("openssl pkey -in %s/k.pem -pubout -out %s/p.pem", folder, folder);
	shell("openssl pkey -in %s/k.pem -pubout -outform DER | tail -c 65 >%s/raw", folder,
	      folder);
	shell("openssl dgst -sha256 -sign %s/k.pem -out %s/s %s/m", folder, folder, folder);
	point = read_signature("raw");
	pem = read_text("p.pem");
	signature = read_signature("s");
	bare = make_key("ecdsa", "ecdsa-sha2-nistp256", point);
	full = make_key("ecdsa", "ecdsa-sha2-nistp256", pem);
	tap_ok(bare && key_verify(bare, message, strlen(message), signature),
	       "ECDSA with the bare point");
	tap_ok(memcmp(key_fingerprint(bare), key_fingerprint(full), SHA256_BYTES) == 0,
	       "the same key in two forms has one fingerprint");
	point[1] = '2';
	compressed = make_key("ecdsa", "ecdsa-sha2-nistp256", point);
	tap_ok(compressed && !key_is_usable(compressed), "a point of another form is not usable");
}

static void test_unusable_keys(void)
{
	static const char *const cases[][3] = {
		{ "ed25519", "ed25519", "abcd" },
		{ "ed25519", "ed25519ph", "00" },
		{ "sphincs", "sphincs", "00" },
		{ "rsa", "rsassa-pss-sha256",
		  "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" },
		{ "rsa", "rsassa-pkcs1v15-sha256", "" },
	};
	_cleanup_json_ json_t *no_value =
		json_pack("{s:s, s:s}", "keytype", "ed25519", "scheme", "ed25519");
	struct key *key = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_key_ struct key *unusable =
			make_key(cases[i][0], cases[i][1], cases[i][2]);

		tap_ok(unusable && !key_is_usable(unusable) && !key_verify(unusable, "x", 1, "00"),
		       "%s/%s is no error, but verifies nothing", cases[i][0], cases[i][1]);
	}
	tap_ok(key_parse("id", no_value, "test", &key, NULL) < 0 && !key,
	       "a key without a value is malformed");
}

/* A document signed by @count keys, as bytes. */
static struct signed_document *sign(struct signer *const *signers, size_t count,
				    struct failure *failure)
{
	_cleanup_json_ json_t *part = json_pack("{s:i}", "version", 1), *document = NULL;
	struct signed_document *parsed = NULL;
	char *text;

	if (signer_sign_document(part, signers, count, &document, NULL) < 0)
		tap_bail("cannot sign");
	text = json_dumps(document, 0);
	if (signed_document_parse(text, strlen(text), "document", &parsed, failure) < 0)
		return NULL;
	return parsed;
}

/* The role of some keys, under key ids of our choice. */
static struct role make_role(struct keyring *keyring, const json_t *keys, unsigned int threshold)
{
	_cleanup_json_ json_t *ids = json_array(), *object = NULL;
	struct role role = { 0 };
	const char *id;
	json_t *key;

	json_object_foreach((json_t *)keys, id, key)
		json_array_append_new(ids, json_string(id));
	object = json_pack("{s:O, s:i}", "keyids", ids, "threshold", threshold);
	if (keyring_parse(keys, "test", keyring, NULL) < 0 ||
	    role_parse("test", object, keyring, "test", &role, NULL) < 0)
		tap_bail("cannot make a role");
	return role;
}

static void test_threshold(void)
{
	struct signer *signers[3];
	struct keyring keyring = { 0 };
	_cleanup_json_ json_t *keys = json_object();
	struct role role;

	for (size_t i = 0; i < 3; i++) {
		if (signer_generate(SIGNER_ED25519, &signers[i], NULL) < 0)
			tap_bail("no key");
		json_object_set(keys, signer_key_id(signers[i]), signer_public_key(signers[i]));
	}
	role = make_role(&keyring, keys, 2);
	for (size_t count = 0; count <= 3; count++) {
		_cleanup_signed_document_ struct signed_document *document =
			sign(signers, count, NULL);
		struct failure failure = { 0 };
		int r = signed_document_verify(document, &role, "document", &failure);

		tap_is(r >= 0, count >= 2, "a threshold of 2, signed by 0, 1, 2, 3");
		if (r < 0)
			tap_is(failure.reason, count == 0 ? REASON_UNSIGNED : REASON_BAD_SIGNATURE,
			       "the reason");
		failure_clear(&failure);
	}
	role_clear(&role);
	keyring_clear(&keyring);
	for (size_t i = 0; i < 3; i++)
		signer_free(signers[i]);
}

/* One key under two ids signs twice: that is one signature. */
static void test_one_key_two_ids(void)
{
	_cleanup_signer_ struct signer *signer = NULL;
	_cleanup_json_ json_t *keys = json_object(), *document = NULL,
			      *part = json_pack("{s:i}", "version", 1);
	_cleanup_signed_document_ struct signed_document *parsed = NULL;
	struct keyring keyring = { 0 };
	struct failure failure = { 0 };
	json_t *signatures, *second;
	struct role role;
	char *text;

	if (signer_generate(SIGNER_ED25519, &signer, NULL) < 0 ||
	    signer_sign_document(part, &signer, 1, &document, NULL) < 0)
		tap_bail("cannot sign");
	json_object_set(keys, signer_key_id(signer), signer_public_key(signer));
	json_object_set(keys, "alias", signer_public_key(signer));
	signatures = json_object_get(document, "signatures");
	second = json_deep_copy(json_array_get(signatures, 0));
	json_object_set_new(second, "keyid", json_string("alias"));
	json_array_append_new(signatures, second);
	text = json_dumps(document, 0);
	if (signed_document_parse(text, strlen(text), "document", &parsed, NULL) < 0)
		tap_bail("cannot parse");
	role = make_role(&keyring, keys, 2);
	tap_ok(signed_document_verify(parsed, &role, "document", &failure) < 0,
	       "one key under two ids is one key");
	tap_is(failure.reason, REASON_BAD_SIGNATURE, "the reason");
	role.threshold = 1;
	tap_ok(signed_document_verify(parsed, &role, "document", NULL) >= 0,
	       "and enough for a threshold of 1");
	failure_clear(&failure);
	role_clear(&role);
	keyring_clear(&keyring);
}

static void test_envelope(void)
{
	static const struct {
		const char *text;
		const char *part_of_message;
	} cases[] = {
		{ "{}", "signed" },
		{ "{\"signed\":{}}", "signatures" },
		{ "{\"signed\":{},\"signatures\":{}}", "signatures" },
		{ "{\"signed\":[],\"signatures\":[]}", "signed" },
		{ "{\"signed\":{},\"signatures\":[{\"keyid\":\"a\"}]}", "sig" },
		{ "{\"signed\":{},\"signatures\":[{\"keyid\":\"a\",\"sig\":\"\"},{\"keyid\":\"a\",\"sig\":\"\"}]}",
		  "more than one signature" },
		{ "[]", "object" },
		{ "{\"signed\":{},\"signatures\":[]} x", "JSON" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signed_document *document = NULL;
		struct failure failure = { 0 };
		int r = signed_document_parse(strdup(cases[i].text), strlen(cases[i].text),
					      "document", &document, &failure);

		tap_ok(r < 0 && !document && failure.reason == REASON_MALFORMED &&
			       strstr(failure_message(&failure), cases[i].part_of_message),
		       "%s: %s", cases[i].text, failure_message(&failure));
		failure_clear(&failure);
	}
}

static void test_bad_private_keys(void)
{
	struct signer *signer = NULL;
	struct failure failure = { 0 };
	_cleanup_free_ char *pem = NULL;

	tap_ok(signer_load("nonsense", 8, "x.pem", &signer, &failure) < 0 &&
		       strstr(failure.message, "x.pem"),
	       "what is no key is refused: %s", failure_message(&failure));
	failure_clear(&failure);
	shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out %s/k.pem",
	      folder);
	pem = read_text("k.pem");
	tap_ok(signer_load(pem, strlen(pem), "x.pem", &signer, &failure) < 0,
	       "a P-384 key is refused: %s", failure_message(&failure));
	failure_clear(&failure);
}

int main(void)
{
	if (!mkdtemp(folder))
		tap_bail("no folder");
	shell("printf '%s' >%s/m", message, folder);
	test_own_signatures(SIGNER_ED25519);
	test_own_signatures(SIGNER_ECDSA);
	test_own_signatures(SIGNER_RSA);
	test_openssl_keys();
	test_openssl_ed25519();
	test_bare_point();
	test_unusable_keys();
	test_threshold();
	test_one_key_two_ids();
	test_envelope();
	test_bad_private_keys();
	shell("rm -rf %s", folder);
	return tap_done();
}
