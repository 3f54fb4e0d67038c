/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every limit of the TUF client, by name. The first six are those that other TUF
 * clients use too, so that what one accepts the others do as well.
 */
#pragma once

#define TUF_ROOT_BYTES_MAX 512000
#define TUF_TIMESTAMP_BYTES_MAX 16384
#define TUF_SNAPSHOT_BYTES_MAX 2000000
#define TUF_TARGETS_BYTES_MAX 5000000
#define TUF_ROOT_ROTATIONS_MAX 256 /* in one refresh */
#define TUF_DELEGATIONS_MAX 32 /* roles visited in one search */

#define TUF_KEYS_MAX 1024 /* in one document */
#define TUF_SIGNATURES_MAX 1024 /* on one document */
#define TUF_ROLE_KEYS_MAX 256 /* of one role */
#define TUF_RSA_BITS_MIN 2048
#define TUF_RSA_BITS_MAX 8192
#define TUF_SIGNATURE_BYTES_MAX 1024 /* RSA with 8192 bits */

#define TARGET_PATH_MAX 512 /* characters of a target path */
#define ROLE_NAME_MAX 80 /* bytes: percent-encoded it still is a file name */

#define INDEX_BYTES_MAX (256 * 1024)
#define INDEX_RELEASES_MAX 64
#define INDEX_NOTE_BYTES_MAX (16 * 1024)
#define INDEX_HISTORY_MAX 1024
#define INDEX_SLOTS_MAX 16
#define INDEX_DELTAS_MAX 16 /* of one image */
#define INDEX_REQUIRES_MAX 32
#define INDEX_ROLLOUT_MAX 32
#define INDEX_VERSION_MAX 64 /* characters of a version */
#define INDEX_LABEL_MAX 64 /* characters of a slot label */
