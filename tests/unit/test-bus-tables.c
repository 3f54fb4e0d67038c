// SPDX-License-Identifier: LGPL-2.1-or-later
/* daemon/bus: its tables agree with each other, and every reason has its name on the bus. */
#include <errno.h>
#include <string.h>

#include "bus/error.h"
#include "bus/objects.h"
#include "tap.h"

static bool is_announced(const struct face_field *fields, size_t count, const char *property)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].property, property) == 0)
			return true;
	return false;
}

/* A property that says it emits changes must be compared, or its changes would go unsaid. */
static void test_announced(const char *interface, const sd_bus_vtable *vtable,
			   const struct face_field *fields, size_t count)
{
	size_t found = 0;

	for (; vtable->type != _SD_BUS_VTABLE_END; vtable++) {
		if (vtable->type != _SD_BUS_VTABLE_PROPERTY ||
		    !(vtable->flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE))
			continue;
		found++;
		tap_ok(is_announced(fields, count, vtable->x.property.member),
		       "changes of %s.%s are told", interface, vtable->x.property.member);
	}
	tap_is(found, count, "and of nothing else");
}

/* Methods whose callers sd-bus itself would refuse are of no use: polkit decides. */
static void test_methods(const char *interface, const sd_bus_vtable *vtable)
{
	for (; vtable->type != _SD_BUS_VTABLE_END; vtable++) {
		if (vtable->type == _SD_BUS_VTABLE_WRITABLE_PROPERTY)
			tap_ok(false, "%s has a writable property", interface);
		if (vtable->type != _SD_BUS_VTABLE_METHOD)
			continue;
		tap_ok(vtable->flags & SD_BUS_VTABLE_UNPRIVILEGED, "%s.%s may be called by anybody",
		       interface, vtable->x.method.member);
		tap_ok(strchr(vtable->x.method.signature, 't'), "%s.%s has flags", interface,
		       vtable->x.method.member);
	}
}

static void test_reasons(void)
{
	for (int i = REASON_OK + 1; i < _REASON_COUNT; i++) {
		sd_bus_error error = SD_BUS_ERROR_NULL;
		struct failure failure = { .reason = (enum reason)i };
		int r = bus_error_from_failure(&error, &failure);
		const char *name = i == REASON_INVALID_ARGUMENT ? SD_BUS_ERROR_INVALID_ARGS :
								  BUS_ERROR_PREFIX;

		tap_ok(r < 0 && strncmp(error.name, name, strlen(name)) == 0 &&
			       sd_bus_interface_name_is_valid(error.name) > 0,
		       "%s is %s", reason_word((enum reason)i), error.name);
		tap_is_string(error.message, reason_sentence((enum reason)i), "its sentence");
		sd_bus_error_free(&error);
	}
}

static void test_arguments(void)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	tap_is(bus_check_flags(0, 0, &error), 0, "no flags");
	tap_is(bus_check_flags(6, 14, &error), 0, "known flags");
	tap_is(bus_check_flags(17, 14, &error), -EINVAL, "unknown flags");
	tap_is_string(error.name, SD_BUS_ERROR_INVALID_ARGS, "are invalid arguments");
	tap_is_string(error.message, "Unknown flags 0x11; this method knows 0xe.", "and named");
	sd_bus_error_free(&error);
	tap_is(bus_check_length("1234", 4, "The id", &error), 0, "just short enough");
	tap_is(bus_check_length("12345", 4, "The id", &error), -EINVAL, "too long");
	tap_is_string(error.message, "The id has 5 bytes, more than the 4 allowed.",
		      "says what and how much");
	sd_bus_error_free(&error);
}

static void test_introspection(void)
{
	static const struct {
		const char *path, *interface;
	} rows[] = {
		{ "/org/fwslot1", "\"org.fwslot1.Manager\"" },
		{ "/org/fwslot1/device/ID", "\"org.fwslot1.Device\"" },
		{ "/org/fwslot1/device/ID/slot/_0", "\"org.fwslot1.Slot\"" },
		{ "/org/fwslot1/job/_1", "\"org.fwslot1.Job\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *xml = NULL;
		size_t size;
		FILE *out = open_memstream(&xml, &size);
		int r = bus_introspect(rows[i].path, out);

		fclose(out);
		tap_ok(r == 0 && strstr(xml, rows[i].interface), "%s has interface %s",
		       rows[i].path, rows[i].interface);
		free(xml);
	}
	tap_is(bus_introspect("/org/fwslot1/device", stdout), -ENOENT, "a path without an object");
}

int main(void)
{
	test_announced("Device", device_vtable, device_fields, device_fields_count);
	test_announced("Slot", slot_vtable, slot_fields, slot_fields_count);
	test_announced("Job", job_vtable, job_fields, job_fields_count);
	test_methods("Manager", manager_vtable);
	test_methods("Device", device_vtable);
	test_methods("Slot", slot_vtable);
	test_methods("Job", job_vtable);
	test_reasons();
	test_arguments();
	test_introspection();
	return tap_done();
}
