/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as lower-case hexadecimal text and back. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* Writes 2 * @size digits and a NUL into @text; returns @text. */
char *hex_encode(const uint8_t *bytes, size_t size, char *text);

/* Reads exactly @size bytes from exactly 2 * @size digits, either case. 0 or -EINVAL. */
_warn_unused_ int hex_decode(const char *text, uint8_t *bytes, size_t size);
