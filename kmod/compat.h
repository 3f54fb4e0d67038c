/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this module is built for, all of it. Prefer an interface that
 * never changed over an entry here.
 */
#ifndef _FWSLOT_COMPAT_H
#define _FWSLOT_COMPAT_H

#include <linux/sysfs.h>

/*
 * Pointer to a binary attribute, as its callbacks and attribute_group.bin_attrs have it: to const
 * since 6.16.
 */
#define fwslot_bin_attribute_ptr typeof(*((struct attribute_group *)NULL)->bin_attrs)

#endif /* _FWSLOT_COMPAT_H */
