/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An update source that has been asked. */
#pragma once

#include "lab.h"

#define SOURCE_NAME "acme"

/* The new firmware is offered to all devices, if that is not known yet. */
void source_is_asked(struct lab *lab);

/* "What a refresh found is kept wholly or not at all." */
void law_offers(struct lab *lab);
