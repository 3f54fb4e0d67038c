/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files held by systemd's file descriptor store (FileDescriptorStoreMax= of the unit). See held.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "engine/ops.h"

#define STATE_SIZE (HELD_NAME_SIZE + 64)

int systemd_file_hold(const struct engine_ops *self, const char *name, int fd)
{
	char state[STATE_SIZE];
	int r;

	(void)self;
	snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s", name);
	r = sd_pid_notify_with_fds(0, false, state, &fd, 1);
	return r == 0 ? -ENOTCONN : r < 0 ? r : 0;
}

void systemd_file_let_go(const struct engine_ops *self, const char *name)
{
	char state[STATE_SIZE];

	(void)self;
	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	(void)sd_notify(false, state);
}

/* One start, one call: the descriptors are the caller's, and the environment does not speak of them any more. */
size_t systemd_files_held(const struct engine_ops *self,
			  struct held_file ret[static HELD_FILES_MAX])
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(true, &names);
	size_t kept = 0;

	(void)self;
	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (kept < HELD_FILES_MAX && strlen(names[i]) < HELD_NAME_SIZE) {
			ret[kept].fd = fd;
			memcpy(ret[kept++].name, names[i], strlen(names[i]) + 1);
		} else {
			close(fd);
		}
		free(names[i]);
	}
	free(names);
	return kept;
}
