/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Index files, and the selection from whatever was accepted.
 *
 * covers: daemon/trust/index.c daemon/trust/select.c daemon/trust/rollout.c
 */
#include <stdint.h>
#include <string.h>

#include "trust/rollout.h"
#include "trust/select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const labels[] = { "main" };
	static const struct inventory_item inventory[] = { { "acme/hub7", "main", 12 } };
	const struct device_request request = { .installed_version = "1.0",
						.slot_labels = labels,
						.slot_label_count = 1,
						.inventory = inventory,
						.inventory_count = 1 };
	_cleanup_index_ struct release_index *index = NULL;
	_cleanup_failure_ struct failure failure = { 0 };
	struct selection selection;

	if (index_parse((const char *)data, size, "acme/dock", &index, &failure) < 0)
		return 0;
	for (size_t i = 0; i < index->release_count; i++) {
		(void)index_note(&index->releases[i], "de");
		(void)rollout_includes(&index->releases[i], 500, USEC_PER_SEC);
	}
	if (release_select(index, &request, &selection, &failure) >= 0 &&
	    (!selection.slot || selection.release->counter < selection.floor))
		__builtin_trap();
	return 0;
}
