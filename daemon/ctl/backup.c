/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotctl backups, restore, export-backup: firmware that was saved before it was overwritten. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "ctl/client.h"
#include "ctl/job.h"
#include "ctl/table.h"

static int backups(struct ctl *ctl)
{
	static const struct column columns[] = {
		{ "id", "BACKUP", CELL_NUMBER },    { "device", "DEVICE", CELL_TEXT },
		{ "slot", "SLOT", CELL_NUMBER },    { "version", "VERSION", CELL_TEXT },
		{ "time_usec", "WHEN", CELL_TIME }, { "size", "SIZE", CELL_BYTES },
		{ "stored", "STORED", CELL_BYTES }, { "state", "STATE", CELL_STATE },
	};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int status = client_call(ctl, "ListBackups", &reply, "st",
				 ctl->count > 0 ? ctl->arguments[0] : "", UINT64_C(0));

	return status ?:
			table_show_reply(
				ctl, reply, columns, ARRAY_SIZE(columns),
				"No firmware has been saved yet: that is done before a slot "
				 "is overwritten.");
}

const struct verb verb_backups = {
	.name = "backups",
	.synopsis = "[DEVICE]",
	.summary = "firmware that was saved, the newest first",
	.help = "",
	.count_max = 1,
	.options = CTL_JSON,
	.run = backups,
};

/* 0, or an exit status. */
static int read_number(struct ctl *ctl, const char *text, uint64_t *ret)
{
	if (parse_u64(text, ret) >= 0)
		return 0;
	return ctl_misused(
		ctl, "\"%s\" is no number of a backup; \"fwslotctl backups\" lists them.", text);
}

static int restore(struct ctl *ctl)
{
	uint64_t id;
	int status = read_number(ctl, ctl->arguments[1], &id);

	return status ?: job_run(ctl, "Restore", "stt", ctl->arguments[0], id, UINT64_C(0));
}

const struct verb verb_restore = {
	.name = "restore",
	.synopsis = "[--no-wait] DEVICE BACKUP",
	.summary = "write a backup back to its device",
	.help = "  --no-wait      return as soon as the job has begun\n",
	.count_min = 2,
	.count_max = 2,
	.options = CTL_JSON | CTL_NO_WAIT,
	.may_need_password = true,
	.run = restore,
};

/* A file that is there is nobody's to overwrite; what did not succeed leaves none. */
static int export_backup(struct ctl *ctl)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *name = ctl->arguments[1];
	_cleanup_close_ int fd = -EBADF;
	uint64_t id;
	int status = read_number(ctl, ctl->arguments[0], &id);

	if (status != 0)
		return status;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return ctl_fail(ctl, "%s cannot be made: %s.", name, strerror(errno));
	status = client_call(ctl, "ExportBackup", &reply, "tht", id, fd, UINT64_C(0));
	if (status == 0 && fsync(fd) < 0)
		status = ctl_fail(ctl, "%s cannot be written: %s.", name, strerror(errno));
	if (status != 0)
		(void)unlink(name);
	else if (!(ctl->options & CTL_JSON))
		printf("Backup %s is in %s.\n", ctl->arguments[0], name);
	return status;
}

const struct verb verb_export_backup = {
	.name = "export-backup",
	.synopsis = "BACKUP FILE",
	.summary = "put a backup's image into a new file",
	.help = "",
	.count_min = 2,
	.count_max = 2,
	.options = CTL_JSON,
	.may_need_password = true,
	.run = export_backup,
};
