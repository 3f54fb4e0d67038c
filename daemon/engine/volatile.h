/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon that cannot write its state folder shows devices and refuses changes. It does not stay so: when the folder
 * can be written it ends, to be started anew by systemd with all that is stored.
 */
#pragma once

#include "engine/private.h"

#define VOLATILE_PROBE_USEC UINT64_C(5000000)
#define VOLATILE_FRESH_USEC UINT64_C(300000000)

/*
 * Looks each VOLATILE_PROBE_USEC, and in silence, whether the store can be opened; then the event loop ends with
 * MANAGER_EXIT_START_ANEW. So it does after VOLATILE_FRESH_USEC in any case: the file systems that systemd gave the service
 * may stay read-only when the machine's are not any more, until the service gets new ones.
 */
_warn_unused_ int volatile_begin(struct manager *manager);
