/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder of plain files that looks like /sys/class/fwslot, for tests of daemon/kernel: made below
 * a temporary folder that FWSLOT_SYSFS then names, and removed with it.
 */
#pragma once

/* Makes the empty tree and sets FWSLOT_SYSFS; ends the test program when that fails. */
void tree_make(void);

/* Removes all of it. */
void tree_remove(void);

/* The tree's root folder. */
const char *tree_root(void);

/*
 * Adds device fwslotN with @slots slots, idle, slot 0 running version 1.0.0 and confirmed, the
 * others empty.
 */
void tree_add_device(unsigned index, unsigned slots);

/* Removes its class link, then the rest. */
void tree_remove_device(unsigned index);

/*
 * Writes @value and a newline to device file @path ("boot/state", "fwslot0.1/version"); NULL
 * removes the file.
 */
void tree_set(unsigned index, const char *path, const char *value);

/*
 * What is in a device's file, without the newline; valid until the next call. "" if there is no
 * such file.
 */
const char *tree_get(unsigned index, const char *path);

/* Tells whoever watches that the device's files changed. */
void tree_touch(unsigned index);
