/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TUF metadata as a hostile server sends it: each of the four parsers, counting
 * signatures by the roles it names itself, and matching by its own delegations. The
 * first byte chooses the kind.
 *
 * covers: daemon/trust/metadata.c daemon/trust/signed.c daemon/trust/role.c
 * covers: daemon/trust/delegation.c daemon/trust/names.c daemon/trust/digests.c
 */
#include <stdint.h>
#include <string.h>

#include "trust/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_root(char *bytes, size_t size)
{
	struct root root = { 0 };

	if (root_parse(bytes, size, "root.json", &root, NULL) < 0)
		return;
	for (int i = 0; i < _TOP_LEVEL_ROLE_COUNT; i++)
		(void)!signed_document_verify(root.common.document, &root.roles[i], "root.json",
					      NULL);
	root_clear(&root);
}

static void fuzz_timestamp(char *bytes, size_t size)
{
	struct timestamp timestamp = { 0 };

	if (timestamp_parse(bytes, size, "timestamp.json", &timestamp, NULL) >= 0)
		timestamp_clear(&timestamp);
}

static void fuzz_snapshot(char *bytes, size_t size)
{
	struct metadata_reference reference;
	struct snapshot snapshot = { 0 };

	if (snapshot_parse(bytes, size, "snapshot.json", &snapshot, NULL) < 0)
		return;
	(void)!snapshot_find(&snapshot, "targets.json", &reference, NULL);
	snapshot_clear(&snapshot);
}

static void fuzz_targets(char *bytes, size_t size)
{
	static const char digest[] =
		"6d25ea4ecb86ee5b2fb34c8d2e2ac7c39ad4e6f0b7c3c0a6ef27f1b8e4f2ad7e";
	struct targets targets = { 0 };
	struct target target;

	if (targets_parse(bytes, size, "targets.json", &targets, NULL) < 0)
		return;
	(void)!targets_find(&targets, "acme/dock/index.json", &target, NULL);
	for (size_t i = 0; i < targets.delegations.count; i++)
		(void)delegation_covers(&targets.delegations.list[i], "acme/dock/index.json",
					digest);
	if (targets.delegations.has_bins)
		free(delegations_bin_name(&targets.delegations, digest));
	targets_clear(&targets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(char *, size_t) = { fuzz_root, fuzz_timestamp, fuzz_snapshot,
							 fuzz_targets };
	char *bytes;

	if (size < 1)
		return 0;
	bytes = malloc(size);
	memcpy(bytes, data + 1, size - 1);
	kinds[data[0] % ARRAY_SIZE(kinds)](bytes, size - 1);
	return 0;
}
