// SPDX-License-Identifier: LGPL-2.1-or-later
/* daemon/kernel/modules.c on this machine, whatever is installed here: the answer must fit what is loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/monitor.h"
#include "tap.h"

int main(void)
{
	char *sentence = (char *)"untouched";
	bool is_loaded = access("/sys/module/fwslot", F_OK) == 0;
	int r = kernel_modules_explain(&sentence);

	if (r == -EOPNOTSUPP) {
		tap_skip("what is missing is explained", "there is no libkmod here");
		return tap_done();
	}
	tap_is(r, 0, "libkmod answers");
	tap_ok(is_loaded == (sentence == NULL),
	       "there is a sentence exactly when the module is not loaded");
	if (sentence) {
		tap_ok(strstr(sentence, "modprobe") || strstr(sentence, "dkms"),
		       "it names a command: %s", sentence);
		free(sentence);
	}
	return tap_done();
}
