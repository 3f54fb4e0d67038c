// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Makes and changes the tree of kernel-tree.h. Knows the attributes' names, nothing of what they
 * mean.
 */
#include "kernel-tree.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define DEVICES "devices/fwslot_test"

static char root[64];

const char *tree_root(void)
{
	return root;
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0755) < 0)
		tap_bail("cannot make %s", path);
}

__attribute__((format(printf, 2, 3))) static char *path_of(char path[static 512],
							   const char *format, ...)
{
	int length = snprintf(path, 512, "%s/", root);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path + length, 512 - (size_t)length, format, arguments);
	va_end(arguments);
	return path;
}

void tree_make(void)
{
	static const char *const folders[] = { "class", "class/fwslot", "devices", DEVICES,
					       DEVICES "/fwslot" };
	char path[512];

	snprintf(root, sizeof(root), "/tmp/fwslot-tree.XXXXXX");
	if (!mkdtemp(root))
		tap_bail("cannot make a temporary folder");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		make_folder(path_of(path, "%s", folders[i]));
	setenv("FWSLOT_SYSFS", root, 1);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_remove(void)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void tree_set(unsigned index, const char *name, const char *value)
{
	char path[512];
	FILE *file;

	path_of(path, DEVICES "/fwslot/fwslot%u/%s", index, name);
	if (!value) {
		unlink(path);
		return;
	}
	file = fopen(path, "w");
	if (!file || fprintf(file, "%s\n", value) < 0 || fclose(file) != 0)
		tap_bail("cannot write %s", path);
}

const char *tree_get(unsigned index, const char *name)
{
	static char text[4096];
	char path[512];
	FILE *file = fopen(path_of(path, DEVICES "/fwslot/fwslot%u/%s", index, name), "r");

	text[0] = '\0';
	if (!file)
		return text;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

void tree_touch(unsigned index)
{
	tree_set(index, "uevent", "change");
}

struct value {
	const char *name, *value;
};

static void add_slot(unsigned index, unsigned slot)
{
	static const struct value running[] = {
		{ "state", "confirmed" },
		{ "active", "1" },
		{ "next", "1" },
		{ "version", "1.0.0" },
		{ "image_size", "4096" },
		{ "digest",
		  "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
	};
	static const struct value empty[] = { { "state", "empty" },
					      { "active", "0" },
					      { "next", "0" } };
	static const struct value common[] = {
		{ "size", "1048576" },	   { "status", "idle" }, { "error", "" },
		{ "remaining_size", "0" }, { "loading", "0" },	 { "activate", "" },
		{ "erase", "" },	   { "cancel", "" },	 { "data", "" },
		{ "uevent", "" },
	};
	char path[512], name[64], label[16];

	make_folder(path_of(path, DEVICES "/fwslot/fwslot%u/fwslot%u.%u", index, index, slot));
#define SET_ALL(table)                                                                        \
	for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++) {                     \
		snprintf(name, sizeof(name), "fwslot%u.%u/%s", index, slot, (table)[i].name); \
		tree_set(index, name, (table)[i].value);                                      \
	}
	SET_ALL(common)
	if (slot == 0)
		SET_ALL(running)
	else
		SET_ALL(empty)
#undef SET_ALL
	snprintf(name, sizeof(name), "fwslot%u.%u/label", index, slot);
	snprintf(label, sizeof(label), "slot-%u", slot);
	tree_set(index, name, label);
}

void tree_add_device(unsigned index, unsigned slots)
{
	static const struct value values[] = {
		{ "name", "Test device" },
		{ "provider", "sim" },
		{ "hardware_id", "fwslot/sim" },
		{ "serial", "test-0000" },
		{ "status", "idle" },
		{ "restart", "" },
		{ "boot/state", "confirmed" },
		{ "boot/total", "1" },
		{ "boot/running_slot", "0" },
		{ "boot/next_slot", "0" },
		{ "boot/limit", "3" },
		{ "boot/attempts", "0" },
		{ "boot/attempts_left", "3" },
		{ "boot/confirm", "" },
		{ "boot/last_restart_reason", "power-on" },
		{ "uevent", "add" },
	};
	char path[512], target[512], number[16];

	make_folder(path_of(path, DEVICES "/fwslot/fwslot%u", index));
	make_folder(path_of(path, DEVICES "/fwslot/fwslot%u/boot", index));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		tree_set(index, values[i].name, values[i].value);
	snprintf(number, sizeof(number), "%u", slots);
	tree_set(index, "num_slots", number);
	for (unsigned slot = 0; slot < slots; slot++)
		add_slot(index, slot);

	snprintf(target, sizeof(target), "../../" DEVICES "/fwslot/fwslot%u", index);
	if (symlink(target, path_of(path, "class/fwslot/fwslot%u", index)) < 0)
		tap_bail("cannot link %s", path);
}

void tree_remove_device(unsigned index)
{
	char path[512];

	unlink(path_of(path, "class/fwslot/fwslot%u", index));
	nftw(path_of(path, DEVICES "/fwslot/fwslot%u", index), remove_entry, 16,
	     FTW_DEPTH | FTW_PHYS);
}
