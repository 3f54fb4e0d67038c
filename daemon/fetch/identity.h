/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom a session trusts and who it is: OP=open, read and kept. The files are copied into
 * memory at once, so that nobody changes them under us and no path is ever opened (our
 * user could open none of them). Uses them: tls.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/packet.h"
#include "base/reason.h"

enum trust {
	TRUST_SYSTEM,
	TRUST_CA,
	TRUST_KEY,
	_TRUST_COUNT,
};

enum identity_file {
	IDENTITY_CA,
	IDENTITY_CERTIFICATE,
	IDENTITY_PRIVATE_KEY,
	_IDENTITY_FILE_COUNT,
};

/* Texts are owned; NULL where there is nothing. */
struct identity {
	enum trust trust;
	char *pinned_key; /* in the form of libcurl: "sha256//...;sha256//..." */
	char *ca; /* path of our copy */
	char *certificate, *private_key; /* path of our copy, or PKCS#11 URI; both or none */
	char *key_password;
	char *proxy;
	int files[_IDENTITY_FILE_COUNT]; /* our copies (memfd); -EBADF: none */
};

void identity_free(struct identity *identity);
DEFINE_CLEANUP(struct identity, identity_free)
#define _cleanup_identity_ _cleanup_(identity_freep)

/*
 * Reads and checks @packet, whose descriptors @fds stay the caller's. Negative errno
 * with a @failure that says what is wrong.
 */
_warn_unused_ int identity_read(const struct packet *packet, const int fds[static PACKET_FDS_MAX],
				struct identity **ret, struct failure *failure);
