/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the simulator share: one simulated device is a flash memory, a boot loader, a
 * set of faults and a plug.
 */
#ifndef _FWSLOT_SIM_H
#define _FWSLOT_SIM_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "fwslot.h"
#include "image.h"

struct dentry;

#define SIM_PAGE_BYTES		4096		/* programmed at once */
#define SIM_BLOCK_BYTES		(64 * 1024)	/* erased at once */
#define SIM_SLOT_BYTES_MIN	SIM_BLOCK_BYTES
#define SIM_SLOT_BYTES_MAX	(64U << 20)
#define SIM_DEVICES_MAX		256
#define SIM_NO_PAGE		U32_MAX

enum sim_op {
	SIM_OP_PREPARE,
	SIM_OP_ERASE,
	SIM_OP_WRITE,
	SIM_OP_READ,
	SIM_OP_PROGRAM,
	SIM_OP_ACTIVATE,
	SIM_OP_CONFIRM,
	SIM_OP_GO_BACK,
	SIM_OP_RESTART,

	SIM_OP_COUNT
};

/**
 * struct sim_slot - flash of one slot
 * @blocks: one pointer for each erase block; NULL is an erased block
 */
struct sim_slot {
	u8 **blocks;
};

/**
 * struct sim_faults - what goes wrong, set through debugfs
 * @flash_delay_us_per_page: how slow erasing and programming are
 * @torn_write_at_page: this page of the next write is programmed by half, and the write fails
 * @bit_flip_at_page: a bit of this page of the next write is not as it was sent
 * @vanish_at_op: the device is unplugged in this operation from now, 1 is the next; 0 never
 * @boot_loop: every start crashes, whatever the image
 * @silent: it does not start again after a restart
 * @crash_after_s: it crashes so long after each start; 0 never
 * @boot_time_ms: how long a firmware that boot-loops survives
 * @refusal: errno with which the next of each operation fails, once
 */
struct sim_faults {
	u32 flash_delay_us_per_page;
	u32 torn_write_at_page;
	u32 bit_flip_at_page;
	u32 vanish_at_op;
	bool boot_loop;
	bool silent;
	u32 crash_after_s;
	u32 boot_time_ms;
	int refusal[SIM_OP_COUNT];
};

/**
 * struct sim_device - one simulated device
 * @link: in the list of main.c, under its lock
 * @number: of the name and the serial number
 * @num_slots: how many slots
 * @slot_bytes: capacity of each, a multiple of SIM_BLOCK_BYTES
 * @slots: their flash; under @lock
 * @debugfs: its directory
 * @plug_lock: serialises plugging in and pulling out; taken outside everything else
 * @fdev: NULL while it is pulled out; changed under @plug_lock with no work running
 * @lock: guards the rest. Taken inside operations, and held over no call into the core
 * @is_plugged: operations work and starts are reported
 * @faults: what goes wrong; its plain numbers are read without a lock
 * @pages_written: of the present write
 * @chosen_slot: the boot loader starts this slot; survives loss of power
 * @running_slot: the slot it runs from, or FWSLOT_NO_SLOT
 * @total_boots: survives loss of power
 * @remembers: its boot state is known, because it is fresh from the factory
 * @start_reason: why the next start happens
 * @start_work: the next start
 * @vanish_work: pulls it out
 */
struct sim_device {
	struct list_head link;
	unsigned int number;
	unsigned int num_slots;
	u32 slot_bytes;
	struct sim_slot slots[FWSLOT_SLOTS_MAX];
	struct dentry *debugfs;

	struct mutex plug_lock; /* see above */
	struct fwslot_device *fdev;

	struct mutex lock; /* see above */
	bool is_plugged;
	struct sim_faults faults;
	u32 pages_written;
	int chosen_slot;
	int running_slot;
	u64 total_boots;
	bool remembers;
	enum fwslot_restart_reason start_reason;
	struct delayed_work start_work;
	struct work_struct vanish_work;
};

/* main.c */
extern struct workqueue_struct *sim_workqueue;
extern char *sim_hardware_id;
int sim_create_device(unsigned int num_slots, u32 slot_bytes);
int sim_delete_device(unsigned int number);
u32 sim_default_slot_bytes(void);

/* plug.c */
extern struct device *sim_parent;
int sim_plug(struct sim_device *sim);
void sim_unplug(struct sim_device *sim);
void sim_vanish_work(struct work_struct *work);

/* flash.c; sim->lock is held, ranges are within the slot */
int sim_flash_init(struct sim_device *sim);
void sim_flash_free(struct sim_device *sim);
void sim_flash_erase(struct sim_device *sim, unsigned int slot, u64 offset);
int sim_flash_program(struct sim_device *sim, unsigned int slot, u64 offset, const u8 *data,
		      size_t length);
void sim_flash_read(struct sim_device *sim, unsigned int slot, u64 offset, u8 *data,
		    size_t length);
void sim_flash_flip_bit(struct sim_device *sim, unsigned int slot, u64 offset);
bool sim_flash_is_erased(struct sim_device *sim, unsigned int slot);

/* bootloader.c; the first four: sim->lock is held */
const char *sim_read_image(struct sim_device *sim, unsigned int slot, struct sim_image *ret);
void sim_choose_image(struct sim_device *sim);
void sim_run_image(struct sim_device *sim);
void sim_restart_in(struct sim_device *sim, unsigned int delay_ms,
		    enum fwslot_restart_reason reason);
int sim_write_factory_image(struct sim_device *sim, unsigned int slot);
void sim_start_work(struct work_struct *work);

/* provider.c */
extern const struct fwslot_ops sim_ops;

/* debugfs.c */
void sim_debugfs_init(void);
void sim_debugfs_exit(void);
void sim_debugfs_add(struct sim_device *sim);
void sim_debugfs_remove(struct sim_device *sim);

#endif /* _FWSLOT_SIM_H */
