/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device with flash and a boot loader, and the part of the kernel that looks after it. Flash is
 * erased page by page and written word by word, only where it is erased, and can tear in both; the
 * boot loader starts only whole images. Boots are assessed by the kernel module's own code
 * (kmod/core/boot-assessment.c), in the device or in the kernel, as the traits say.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/device.h"
#include "kmod/core/boot-assessment.h"
#include "stop.h"

#define FLASH_SLOTS_MAX 3
#define FLASH_PAGE_BYTES 64
#define FLASH_PAGES 6
#define FLASH_SLOT_BYTES (FLASH_PAGE_BYTES * FLASH_PAGES)
#define FLASH_WORD_BYTES 4

#define BOOT_LIMIT 3
#define UBOOT_RECORD_BYTES 16

#define IMAGE_BYTES 300
enum image_behaviour {
	IMAGE_BOOTS,
	IMAGE_BOOT_LOOPS, /* crashes at each start until the device falls back */
	IMAGE_REFUSED, /* whole, but the boot loader does not start it */
	IMAGE_LIES, /* tells another version when it runs */
	IMAGE_HANGS_ONCE, /* its watchdog restarts it once */
	IMAGE_UNHEALTHY, /* boots, and the health checks of the host find it ill */
};

/* What is wrong with the device for all of its life. */
enum device_defect {
	DEFECT_NONE,
	DEFECT_WORN_FLASH, /* what is written is never what was sent, and the kernel sees it */
	DEFECT_FLIPS_BITS, /* the same on the way, where only the digest tells */
	DEFECT_SMALL_SLOTS,
	DEFECT_REFUSES_WRITES,
	DEFECT_REFUSES_RESTARTS,
	DEFECT_STALLS_ONCE, /* a transfer in the middle of the first write is not answered */
	DEFECT_STUCK, /* told to restart it does not, and is busy for ever */
};

/* Who starts firmware, and when it can be written. */
enum loader {
	LOADER_OF_FLASH, /* starts what is chosen, and is written while it runs */
	/*
	 * USB DFU: written and read only while no firmware runs, transfer by transfer; what was not manifested
	 * does not start, then the device waits to be written; it starts firmware when it is told.
	 */
	LOADER_DFU,
	LOADER_DFU_RESETS, /* the same, and starts what was written by itself */
	LOADER_UBOOT, /* uboot.c */
};

/* What is the same in all of a device's life. */
struct device_traits {
	unsigned slots;
	bool assesses_itself; /* remembers its boots; else the kernel counts and forgets */
	bool cannot_restart; /* somebody has to pull the plug */
	bool has_no_boot_control;
	enum device_defect defect;
	bool nobody_helps; /* nobody pulls the plug */
	/*
	 * Its boot loader starts slot 0 only, and moves the images (MCUboot). In here slots are images all the
	 * same; the kernel's numbers are other ones: see place_of(). That no swap is torn is the boot loader's word.
	 */
	bool swaps;
	enum loader loader;
	bool is_readable; /* its slots can be read back */
	bool is_opaque; /* what its slots hold is known only to the kernel that wrote it */
};

struct lab_device {
	struct device_traits traits;
	struct stopper *stopper;
	unsigned index;
	char serial[16];

	/* In the device: outlives everything. */
	uint8_t flash[FLASH_SLOTS_MAX][FLASH_SLOT_BYTES];
	struct fwslot_boot stored; /* traits.assesses_itself */
	int chosen; /* slot to start next */
	bool has_hung; /* IMAGE_HANGS_ONCE did */
	bool is_half_written; /* LOADER_DFU: not manifested */
	uint8_t cell[UBOOT_RECORD_BYTES]; /* LOADER_UBOOT: its record */

	/* Of the device while it is powered. */
	int running; /* -1: the boot loader waits */
	bool is_on;

	/* In the kernel: gone when the host dies. */
	struct fwslot_boot boot;
	bool is_new[FLASH_SLOTS_MAX], has_failed[FLASH_SLOTS_MAX], is_known[FLASH_SLOTS_MAX];
	uint8_t upload[FLASH_SLOT_BYTES];
	size_t uploaded;
	int receiving, writing; /* slots, -1 */
	char error[FLASH_SLOTS_MAX][32];
	bool is_restarting;
	bool is_visiting; /* LOADER_DFU: it was sent to its loader to be read */
	bool is_detached; /* device_provider_died() */

	/* What laws look at. */
	const char *broken; /* a rule of the hardware that was broken */
	unsigned orders, boots, erases;
	unsigned version_confirmed; /* the highest ever */
};

void image_make(uint8_t image[static IMAGE_BYTES], unsigned version,
		enum image_behaviour behaviour);
void image_digest(const uint8_t image[static IMAGE_BYTES], char ret[static 72]);

/* Slot 0 holds @image, confirmed; the others are empty. */
void device_make(struct lab_device *device, unsigned index, const struct device_traits *traits,
		 struct stopper *stopper, const uint8_t image[static IMAGE_BYTES]);

/* The whole version in a slot; 0: nothing whole. */
unsigned device_slot_version(const struct lab_device *device, int slot);

/* Power, cable and host. */
void device_power_off(struct lab_device *device);
void device_power_on(struct lab_device *device);
void device_host_died(struct lab_device *device); /* the device stays powered */
/* The provider's process dies, or its line: the kernel's device goes, the real one stays powered. */
void device_provider_died(struct lab_device *device);

/* DFU: it goes to its loader and back to be read; false: it did not come so far. */
bool device_visit_loader(struct lab_device *device);

/* The kernel does what it has to do: writes, restarts. Ends early where the stopper says. */
void device_turn(struct lab_device *device);

/* What the kernel shows, and its orders: as in kernel/device.h. */
int device_picture(const struct lab_device *device, struct kernel_device *ret);
int device_load_begin(struct lab_device *device, unsigned slot);
int device_load_data(struct lab_device *device, const void *bytes, size_t size);
int device_load_commit(struct lab_device *device, unsigned slot);
int device_load_abort(struct lab_device *device, unsigned slot);
int device_activate(struct lab_device *device, unsigned slot, bool is_permanent);
int device_restart(struct lab_device *device);
int device_confirm(struct lab_device *device);
int device_set_attempts(struct lab_device *device, unsigned attempts);
