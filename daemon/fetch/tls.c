/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options for libcurl's GnuTLS backend. The traps: it would read CAs from a compiled-in
 * folder besides ours, and gives a PKCS#11 URI to a function that understands it only
 * when a key password is set, be it empty.
 */
#include "fetch/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

static void certificate_credentials_freep(gnutls_certificate_credentials_t *credentials)
{
	if (*credentials)
		gnutls_certificate_free_credentials(*credentials);
}

static int check_ca(gnutls_certificate_credentials_t credentials, const struct identity *identity,
		    struct failure *failure)
{
	int count = gnutls_certificate_set_x509_trust_file(credentials, identity->ca,
							   GNUTLS_X509_FMT_PEM);

	if (count > 0)
		return 0;
	return fail(failure, REASON_INVALID_ARGUMENT,
		    "The file \"ca\" holds no certificate in PEM form (%s).",
		    count < 0 ? gnutls_strerror(count) : "it has none");
}

int tls_check(const struct identity *identity, struct failure *failure)
{
	__attribute__((cleanup(certificate_credentials_freep)))
	gnutls_certificate_credentials_t credentials = NULL;
	int r = gnutls_certificate_allocate_credentials(&credentials);

	if (r < 0) {
		credentials = NULL;
		return fail_memory(failure);
	}
	if (identity->ca && check_ca(credentials, identity, failure) < 0)
		return -EINVAL;
	if (!identity->certificate)
		return 0;
	r = gnutls_certificate_set_x509_key_file2(
		credentials, identity->certificate, identity->private_key, GNUTLS_X509_FMT_PEM,
		identity->key_password ? identity->key_password : "", 0);
	if (r < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The client certificate and its private key cannot be used: %s.",
			    gnutls_strerror(r));
	return 0;
}

#define SET(option, value) (curl_easy_setopt(easy, option, value) == CURLE_OK)

static bool apply_certificate(CURL *easy, const struct identity *identity, bool with_certificate)
{
	bool is_shown = with_certificate && identity->certificate;

	return SET(CURLOPT_SSLCERT, is_shown ? identity->certificate : NULL) &&
	       SET(CURLOPT_SSLKEY, is_shown ? identity->private_key : NULL) &&
	       SET(CURLOPT_KEYPASSWD, !is_shown		     ? NULL :
				      identity->key_password ? identity->key_password :
							       "");
}

int tls_apply(CURL *easy, const struct identity *identity, bool with_certificate)
{
	bool is_key_enough = identity->trust == TRUST_KEY;
	bool is_set = SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
		      SET(CURLOPT_SSL_VERIFYPEER, is_key_enough ? 0L : 1L) &&
		      SET(CURLOPT_SSL_VERIFYHOST, is_key_enough ? 0L : 2L) &&
		      SET(CURLOPT_CERTINFO, 1L) &&
		      SET(CURLOPT_PINNEDPUBLICKEY, identity->pinned_key) &&
		      apply_certificate(easy, identity, with_certificate);

	if (is_set && identity->trust == TRUST_CA)
		is_set = SET(CURLOPT_CAINFO, identity->ca) && SET(CURLOPT_CAPATH, NULL);
	return is_set ? 0 : -ENOMEM;
}

#define CERTIFICATES_MAX 8 /* of a chain, looked at for an explanation */

struct chain {
	gnutls_x509_crt_t certificates[CERTIFICATES_MAX];
	unsigned int count;
};

static void chain_clear(struct chain *chain)
{
	for (unsigned int i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->certificates[i]);
}

static void chain_add(struct chain *chain, const char *pem)
{
	gnutls_datum_t text = { (unsigned char *)pem, (unsigned int)strlen(pem) };
	gnutls_x509_crt_t certificate;

	if (chain->count == CERTIFICATES_MAX || gnutls_x509_crt_init(&certificate) < 0)
		return;
	if (gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) < 0)
		gnutls_x509_crt_deinit(certificate);
	else
		chain->certificates[chain->count++] = certificate;
}

/* The server's certificates as libcurl kept them. */
static void chain_read(CURL *easy, struct chain *chain)
{
	static const char prefix[] = "Cert:";
	struct curl_certinfo *info = NULL;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info)
		return;
	for (int i = 0; i < info->num_of_certs; i++)
		for (const struct curl_slist *item = info->certinfo[i]; item; item = item->next)
			if (strncmp(item->data, prefix, sizeof(prefix) - 1) == 0)
				chain_add(chain, item->data + sizeof(prefix) - 1);
}

struct status_row {
	gnutls_certificate_status_t bit;
	const char *sentence;
};

/* The first that applies is told: what makes the rest pointless comes first. */
static const struct status_row status_rows[] = {
	{ GNUTLS_CERT_REVOKED, "it was revoked" },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "it is signed by an algorithm that is no longer safe" },
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, "it was not issued by an authority that is trusted here" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "its issuer may not issue certificates" },
	{ GNUTLS_CERT_EXPIRED, "it has expired" },
	{ GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet: is the clock of this machine right?" },
	{ GNUTLS_CERT_UNEXPECTED_OWNER, "it is for another host" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "it is not for a server" },
};

static const char *explain_status(unsigned int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_rows); i++)
		if (status & status_rows[i].bit)
			return status_rows[i].sentence;
	return NULL;
}

/* Verifies once more, only to hear why not. */
static const char *explain_chain(struct chain *chain, const struct identity *identity,
				 const char *host)
{
	gnutls_typed_vdata_st data[] = {
		{ .type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)host },
		{ .type = GNUTLS_DT_KEY_PURPOSE_OID,
		  .data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER },
	};
	gnutls_x509_trust_list_t list;
	unsigned int status = 0;
	int r;

	if (chain->count == 0 || gnutls_x509_trust_list_init(&list, 0) < 0)
		return NULL;
	if (identity->ca)
		r = gnutls_x509_trust_list_add_trust_file(list, identity->ca, NULL,
							  GNUTLS_X509_FMT_PEM, 0, 0);
	else
		r = gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	if (r >= 0)
		r = gnutls_x509_trust_list_verify_crt2(list, chain->certificates, chain->count,
						       data, ARRAY_SIZE(data), 0, &status, NULL);
	gnutls_x509_trust_list_deinit(list, 1);
	return r >= 0 ? explain_status(status) : NULL;
}

void tls_explain(CURL *easy, const struct identity *identity, CURLcode code,
		 const char *curl_message, struct failure *failure)
{
	struct chain chain = { 0 };
	const char *sentence = NULL, *url = "";
	char *host = NULL;
	CURLU *parts = curl_url();

	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
	if (parts && curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK)
		curl_url_get(parts, CURLUPART_HOST, &host, 0);
	if (code == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
		sentence = "its key is not the pinned one";
	} else if (code == CURLE_PEER_FAILED_VERIFICATION && host) {
		chain_read(easy, &chain);
		sentence = explain_chain(&chain, identity, host);
	}
	if (sentence)
		fail(failure, REASON_TLS_FAILED,
		     "The certificate of the server %s is not accepted: %s.", host ? host : "",
		     sentence);
	else
		fail(failure, REASON_TLS_FAILED, "No safe connection to the server %s: %s.",
		     host ? host : "", curl_message);
	chain_clear(&chain);
	curl_free(host);
	curl_url_cleanup(parts);
}
