// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that the device tree describes: nodes compatible with "fwslot,mtd", as in
 * Documentation/devicetree/bindings/fwslot,mtd.yaml. They say the same as the parameter devices=.
 */
#include <linux/of.h>
#include <linux/string.h>

#include "mtd.h"

static int read_text(const struct device_node *node, const char *property, char *text, size_t size)
{
	const char *value;
	int ret = of_property_read_string(node, property, &value);

	if (ret)
		return ret;
	return strscpy(text, value, size) < 0 ? -EINVAL : 0;
}

static int read_slots(const struct device_node *node, struct fwslot_mtd_spec *spec)
{
	int count = of_property_count_strings(node, "fwslot,slots");
	const char *name;
	int i;

	if (count < 1 || count > FWSLOT_MTD_SLOTS_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++)
		if (of_property_read_string_index(node, "fwslot,slots", i, &name) ||
		    strscpy(spec->slots[i], name, sizeof(spec->slots[i])) < 0)
			return -EINVAL;
	spec->num_slots = count;
	return 0;
}

static int read_form(const struct device_node *node, struct fwslot_mtd_spec *spec)
{
	const char *name;
	unsigned int i;

	if (of_property_read_string(node, "fwslot,bootcount-form", &name))
		return 0;
	for (i = 0; fwslot_bootcount_form_name(i); i++)
		if (!strcmp(fwslot_bootcount_form_name(i), name)) {
			spec->form = i;
			return 0;
		}
	return -EINVAL;
}

static int read_boot(const struct device_node *node, struct fwslot_mtd_spec *spec)
{
	u32 limit = spec->limit;

	if (read_text(node, "fwslot,bootcount-partition", spec->boot, sizeof(spec->boot))) {
		if (read_text(node, "fwslot,bootcount-nvmem", spec->boot, sizeof(spec->boot)))
			return 0;
		spec->is_nvmem = true;
	}
	spec->has_boot = true;
	of_property_read_u32(node, "fwslot,bootcount-offset", &spec->boot_offset);
	of_property_read_u32(node, "fwslot,boot-limit", &limit);
	if (limit < 1 || limit > FWSLOT_BOOT_LIMIT_MAX)
		return -EINVAL;
	spec->limit = limit;
	spec->is_big_endian = of_property_read_bool(node, "big-endian");
	return read_form(node, spec);
}

static int read_node(const struct device_node *node, struct fwslot_mtd_spec *spec)
{
	int ret;

	*spec = (struct fwslot_mtd_spec){ .limit = FWSLOT_BOOT_LIMIT_DEFAULT };
	ret = read_text(node, "fwslot,hardware-id", spec->id, sizeof(spec->id));
	if (!ret)
		ret = read_slots(node, spec);
	if (!ret)
		ret = read_boot(node, spec);
	if (ret)
		return ret;
	if (read_text(node, "label", spec->name, sizeof(spec->name)))
		strscpy(spec->name, spec->id, sizeof(spec->name));
	if (read_text(node, "serial-number", spec->serial, sizeof(spec->serial)))
		spec->serial[0] = '\0';
	return 0;
}

unsigned int fwslot_mtd_read_tree(struct fwslot_mtd_spec *specs, unsigned int max)
{
	struct device_node *node;
	unsigned int count = 0;

	for_each_compatible_node(node, NULL, "fwslot,mtd") {
		if (count < max && !read_node(node, &specs[count]))
			count++;
		else
			pr_warn("fwslot_mtd: %pOF is not understood, or one too many\n", node);
	}
	return count;
}
