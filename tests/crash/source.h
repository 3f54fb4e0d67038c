/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An update source that has been asked. */
#pragma once

#include "lab.h"

#define SOURCE_NAME "acme"

/* The new firmware is offered to the device @id. -errno */
int source_offers(struct lab *lab, const char *id);
