/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot loader of a device: what it starts, what it remembers, and how that is assessed. */
#pragma once

#include "device.h"

/* The chosen slot if it is whole, else any that is; -1: it waits. Of U-Boot this is a boot that it counts. */
int loader_start(struct lab_device *device);
/* The device starts, and whoever counts its boots does so. */
void loader_boot(struct lab_device *device, enum fwslot_restart_reason reason);
void loader_assess(struct lab_device *device, enum fwslot_restart_reason reason);
/* Firmware that does not stay up. */
void loader_crash(struct lab_device *device);
/* The device's own record is written. false: it was not, or the device lost its power. */
bool loader_remember(struct lab_device *device);
/* The kernel meets the device: what neither remembers is unknown. */
void loader_meet(struct lab_device *device);
/* DFU: the device leaves its firmware to be written or read. */
void loader_enter(struct lab_device *device);
static inline bool loader_is_dfu(const struct lab_device *device)
{
	return device->traits.loader == LOADER_DFU || device->traits.loader == LOADER_DFU_RESETS;
}

/* uboot.c: the same for a board whose U-Boot counts, by the module's own code (kmod/mtd/standing.c). */
int uboot_start(struct lab_device *device);
void uboot_note_start(struct lab_device *device);
void uboot_meet(struct lab_device *device);
int uboot_choose(struct lab_device *device, unsigned slot, bool is_permanent);
int uboot_confirm(struct lab_device *device);
