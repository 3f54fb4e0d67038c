/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker's sandbox: resource limits, Landlock, seccomp. Knows no request. */
#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* Linux 6.2, Landlock ABI 3; Debian 12's headers are older. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_WRITE                                                                    \
	(LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR)
/* All rights of ABI 1: 13 bits. */
#define LANDLOCK_ABI_1 ((1ULL << 13) - 1)

static const struct {
	int resource;
	rlim_t limit;
	const char *name;
} limits[] = {
	{ RLIMIT_AS, WORKER_MEMORY_BYTES_MAX, "memory" },
	{ RLIMIT_CPU, WORKER_CPU_SECONDS_MAX, "processor time" },
	{ RLIMIT_NOFILE, WORKER_FILES_MAX, "open files" },
	{ RLIMIT_CORE, 0, "core dumps" },
};

/* Lowers a limit; one that is lower already stays. */
static int lower_limit(int resource, rlim_t limit, const char *name, struct failure *failure)
{
	struct rlimit present, wanted = { limit, limit };

	if (getrlimit(resource, &present) < 0)
		return fail_errno(failure, errno, "Cannot read the limit of %s", name);
	if (present.rlim_max < limit)
		wanted.rlim_cur = wanted.rlim_max = present.rlim_max;
	if (setrlimit(resource, &wanted) < 0)
		return fail_errno(failure, errno, "Cannot limit %s", name);
	return 0;
}

int sandbox_begin(struct failure *failure)
{
	/* A file that grows past RLIMIT_FSIZE is an error, not a signal. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail_errno(failure, errno, "Cannot give up privileges");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int r = lower_limit(limits[i].resource, limits[i].limit, limits[i].name, failure);

		if (r < 0)
			return r;
	}
	return 0;
}

static uint64_t handled_rights(int abi)
{
	uint64_t rights = LANDLOCK_ABI_1;

	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return rights;
}

static int allow_folder(int ruleset, const struct sandbox_folder *folder, uint64_t handled,
			struct failure *failure)
{
	struct landlock_path_beneath_attr rule = { 0 };
	_cleanup_close_ int fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fail_errno(failure, errno, "Cannot open the folder %s", folder->path);
	rule.parent_fd = fd;
	rule.allowed_access = folder->access == FOLDER_READ ?
				      LANDLOCK_READ :
				      (LANDLOCK_WRITE | LANDLOCK_ACCESS_FS_TRUNCATE) & handled;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return fail_errno(failure, errno, "Cannot allow the folder %s", folder->path);
	return 0;
}

/* A kernel without Landlock leaves this layer to the service's own sandbox. */
static int restrict_folders(const struct sandbox_folder *folders, size_t count,
			    struct failure *failure)
{
	struct landlock_ruleset_attr attributes = { 0 };
	_cleanup_close_ int ruleset = -EBADF;
	int abi, r;

	abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	attributes.handled_access_fs = handled_rights(abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0)
		return fail_errno(failure, errno, "Cannot make a Landlock ruleset");
	for (size_t i = 0; i < count; i++) {
		r = allow_folder(ruleset, &folders[i], attributes.handled_access_fs, failure);
		if (r < 0)
			return r;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return fail_errno(failure, errno, "Cannot enter the Landlock sandbox");
	return 0;
}

/* What reading, hashing, writing and replying take; nothing that opens a socket or starts a program. */
static const int allowed_calls[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(fsync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getdents64),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(linkat),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(openat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(read),
	SCMP_SYS(recvmsg),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendmsg),
	SCMP_SYS(statx),
	SCMP_SYS(sync_file_range),
	SCMP_SYS(tgkill),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

static int restrict_calls(struct failure *failure)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(allowed_calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	if (r >= 0)
		r = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return r < 0 ? fail_errno(failure, r, "Cannot restrict system calls") : 0;
}

int sandbox_enter(const struct sandbox_folder *folders, size_t count, uint64_t file_bytes_max,
		  struct failure *failure)
{
	int r = lower_limit(RLIMIT_FSIZE, file_bytes_max, "file size", failure);

	if (r >= 0)
		r = restrict_folders(folders, count, failure);
	return r < 0 ? r : restrict_calls(failure);
}
