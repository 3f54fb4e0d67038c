/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files that parse indexes. @place says where something is wrong: "acme/dock/index.json: releases[12]". */
#pragma once

#include "base/json.h"
#include "trust/index.h"

/* An array member with at most @max elements; NULL if absent and optional. */
_warn_unused_ int index_member_list(const json_t *object, const char *key, enum json_need need,
				    size_t max, const char *place, json_t **ret,
				    struct failure *failure);
/* A string of 1 to @max printable ASCII characters without spaces; likewise. */
_warn_unused_ int index_member_label(const json_t *object, const char *key, enum json_need need,
				     size_t max, const char *place, const char **ret,
				     struct failure *failure);

/* "slots" of the release @object. */
_warn_unused_ int index_parse_slots(const json_t *object, const char *hardware_id,
				    const char *place, struct index_release *release,
				    struct failure *failure);
