// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/fwslot_sim: devices come and go, and every fault is injected here.
 * Documentation/ABI/testing/debugfs-fwslot-sim says what the files mean.
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sim.h"

/* The longest thing that can be written to a file here. */
#define COMMAND_MAX 63

static struct dentry *root;

static const char * const op_words[SIM_OP_COUNT] = {
	[SIM_OP_PREPARE]	= "prepare",
	[SIM_OP_ERASE]		= "erase",
	[SIM_OP_WRITE]		= "write",
	[SIM_OP_READ]		= "read",
	[SIM_OP_PROGRAM]	= "program",
	[SIM_OP_ACTIVATE]	= "activate",
	[SIM_OP_CONFIRM]	= "confirm",
	[SIM_OP_GO_BACK]	= "go-back",
	[SIM_OP_RESTART]	= "restart",
};

/* The words in which userspace sees the errors, and the errno that stands for each. */
static const struct {
	const char *word;
	int error;
} refusals[] = {
	{ "none",		0 },
	{ "hw-error",		-EPROTO },
	{ "timeout",		-ETIMEDOUT },
	{ "device-busy",	-EBUSY },
	{ "invalid-file-size",	-EFBIG },
	{ "read-write-error",	-EIO },
	{ "flash-wearout",	-EUCLEAN },
	{ "firmware-invalid",	-EBADMSG },
	{ "wrong-device",	-EMEDIUMTYPE },
};

static int read_command(const char __user *user, size_t count, char *command)
{
	if (count > COMMAND_MAX)
		return -EINVAL;
	if (copy_from_user(command, user, count))
		return -EFAULT;
	command[count] = '\0';
	return 0;
}

/* Each file of a device has an action that gets what was written, without spaces around. */
struct command_file {
	const char *name;
	int (*run)(struct sim_device *sim, char *command);
};

/* "1" and nothing else. */
static int check_yes(const char *command)
{
	return strcmp(command, "1") ? -EINVAL : 0;
}

static int run_vanish(struct sim_device *sim, char *command)
{
	int ret = check_yes(command);

	if (!ret)
		sim_unplug(sim);
	return ret;
}

static int run_replug(struct sim_device *sim, char *command)
{
	int ret = check_yes(command);

	return ret ? ret : sim_plug(sim);
}

static int run_crash(struct sim_device *sim, char *command)
{
	int ret = check_yes(command);

	if (ret)
		return ret;
	mutex_lock(&sim->lock);
	sim_restart_in(sim, 0, FWSLOT_RESTART_REASON_FAULT);
	mutex_unlock(&sim->lock);
	return 0;
}

/* "<operation> <error word>" */
static int run_refuse(struct sim_device *sim, char *command)
{
	char *word = strim(command);
	char *op_word = strsep(&word, " ");
	unsigned int i;
	int op;

	if (!word)
		return -EINVAL;
	op = match_string(op_words, SIM_OP_COUNT, op_word);
	if (op < 0)
		return op;
	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		if (!strcmp(refusals[i].word, word))
			break;
	if (i == ARRAY_SIZE(refusals))
		return -EINVAL;
	mutex_lock(&sim->lock);
	sim->faults.refusal[op] = refusals[i].error;
	mutex_unlock(&sim->lock);
	return 0;
}

/* "<slot> <offset>" */
static int run_flip_bit(struct sim_device *sim, char *command)
{
	char *offset_word = strim(command);
	char *slot_word = strsep(&offset_word, " ");
	unsigned int slot;
	u32 offset;

	if (!offset_word || kstrtouint(slot_word, 10, &slot) || kstrtou32(offset_word, 0, &offset))
		return -EINVAL;
	if (slot >= sim->num_slots || offset >= sim->slot_bytes)
		return -ERANGE;
	mutex_lock(&sim->lock);
	sim_flash_flip_bit(sim, slot, offset);
	mutex_unlock(&sim->lock);
	return 0;
}

static const struct command_file command_files[] = {
	{ "vanish",	run_vanish },
	{ "replug",	run_replug },
	{ "crash",	run_crash },
	{ "refuse",	run_refuse },
	{ "flip_bit",	run_flip_bit },
};

static ssize_t command_write(struct file *file, const char __user *user, size_t count,
			     loff_t *position)
{
	struct sim_device *sim = file_inode(file)->i_private;
	const struct command_file *command_file = NULL;
	char command[COMMAND_MAX + 1];
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(command_files); i++)
		if (!strcmp(file->f_path.dentry->d_name.name, command_files[i].name))
			command_file = &command_files[i];
	if (WARN_ON(!command_file))
		return -EINVAL;
	ret = read_command(user, count, command);
	if (!ret)
		ret = command_file->run(sim, strim(command));
	return ret ? ret : count;
}

static const struct file_operations command_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = command_write,
};

void sim_debugfs_add(struct sim_device *sim)
{
	struct sim_faults *faults = &sim->faults;
	char name[16];
	unsigned int i;

	snprintf(name, sizeof(name), "sim%u", sim->number);
	sim->debugfs = debugfs_create_dir(name, root);
	debugfs_create_u32("flash_delay_us_per_page", 0600, sim->debugfs,
			   &faults->flash_delay_us_per_page);
	debugfs_create_u32("torn_write_at_page", 0600, sim->debugfs, &faults->torn_write_at_page);
	debugfs_create_u32("bit_flip_at_page", 0600, sim->debugfs, &faults->bit_flip_at_page);
	debugfs_create_u32("vanish_at_op", 0600, sim->debugfs, &faults->vanish_at_op);
	debugfs_create_u32("crash_after_s", 0600, sim->debugfs, &faults->crash_after_s);
	debugfs_create_u32("boot_time_ms", 0600, sim->debugfs, &faults->boot_time_ms);
	debugfs_create_bool("boot_loop", 0600, sim->debugfs, &faults->boot_loop);
	debugfs_create_bool("silent", 0600, sim->debugfs, &faults->silent);
	for (i = 0; i < ARRAY_SIZE(command_files); i++)
		debugfs_create_file(command_files[i].name, 0200, sim->debugfs, sim,
				    &command_operations);
}

void sim_debugfs_remove(struct sim_device *sim)
{
	debugfs_remove_recursive(sim->debugfs);
}

/* The number of slots; their size is the module parameter's. */
static ssize_t new_device_write(struct file *file, const char __user *user, size_t count,
				loff_t *position)
{
	unsigned int num_slots;
	int ret;

	ret = kstrtouint_from_user(user, count, 10, &num_slots);
	if (!ret)
		ret = sim_create_device(num_slots, sim_default_slot_bytes());
	return ret < 0 ? ret : count;
}

static const struct file_operations new_device_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = new_device_write,
};

/* The number of the device. */
static ssize_t del_device_write(struct file *file, const char __user *user, size_t count,
				loff_t *position)
{
	unsigned int number;
	int ret;

	ret = kstrtouint_from_user(user, count, 10, &number);
	if (!ret)
		ret = sim_delete_device(number);
	return ret ? ret : count;
}

static const struct file_operations del_device_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = del_device_write,
};

void sim_debugfs_init(void)
{
	root = debugfs_create_dir("fwslot_sim", NULL);
	debugfs_create_file("new_device", 0200, root, NULL, &new_device_operations);
	debugfs_create_file("del_device", 0200, root, NULL, &del_device_operations);
}

void sim_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
