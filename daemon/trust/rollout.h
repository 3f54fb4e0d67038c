/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Staged rollout: every device has a stable bucket in 0...999 for a release, and a
 * release names how many buckets may have it from when on. For the scheduler only:
 * what a person asks for, and offline files, ignore rollout.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trust/index.h"

/*
 * The bucket of a device for the image @path. @machine_id is an application-specific
 * machine id (16 bytes), so that buckets do not reveal the machine's own.
 */
_warn_unused_ int rollout_bucket(const uint8_t machine_id[static 16], const char *hardware_id,
				 const char *serial, const char *path, unsigned int *ret);

/* May a device in @bucket have the release at @now? Once true, later always true. */
bool rollout_includes(const struct index_release *release, unsigned int bucket, usec_t now);
