/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One sysfs attribute: read whole as text, written whole. Private to this room.
 */
#pragma once

#include <stddef.h>

#include "base/macros.h"

/* Opens the folder of device @index; -ENODEV when it is not there. */
_warn_unused_ int attribute_open_device(unsigned index);

/* Opens the folder of slot @slot of device @index; -ENODEV when it is not there. */
_warn_unused_ int attribute_open_slot(unsigned index, unsigned slot);

/*
 * Reads @path below @dir_fd into @text without its newline. Returns the length, or -errno: -ENOENT
 * the device has no such attribute, -ENODATA unknown, -ENODEV the device is gone, -EOVERFLOW longer
 * than @size - 1 (@text then holds the beginning).
 */
_warn_unused_ int attribute_read(int dir_fd, const char *path, char *text, size_t size);

/*
 * Writes @word to @path below @dir_fd in one write. The kernel's error as it is, but -EOPNOTSUPP
 * where the device has no such attribute, and -ENODEV when the device went meanwhile.
 */
_warn_unused_ int attribute_write(int dir_fd, const char *path, const char *word);
