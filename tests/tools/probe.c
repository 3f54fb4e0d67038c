/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe: tries, one after the other, what a confined service must not be able to do, and prints
 * what became of each: "NAME 0", or "NAME EPERM". Put in the place of a service's own program it
 * shows what the unit's sandbox is worth; run without one it shows that each attempt can succeed.
 * What it needs is in /run/probe: module.ko, pid (of a process to look into), secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

static int from_call(long r)
{
	return r < 0 ? -errno : 0;
}

static int try_socket(int domain, int type, int protocol)
{
	_cleanup_close_ int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	return from_call(fd);
}

static int internet(void)
{
	return try_socket(AF_INET, SOCK_STREAM, 0);
}

static int internet6(void)
{
	return try_socket(AF_INET6, SOCK_DGRAM, 0);
}

static int raw_packets(void)
{
	return try_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
}

static int try_open(const char *path, int flags)
{
	_cleanup_close_ int fd = open(path, flags | O_CLOEXEC);

	return from_call(fd);
}

static int disk(void)
{
	return try_open("/dev/vda", O_RDONLY);
}

static int kernel_log(void)
{
	return try_open("/dev/kmsg", O_RDONLY);
}

static int home(void)
{
	return try_open("/home/probe/secret", O_RDONLY);
}

static int root_home(void)
{
	return try_open("/root/secret", O_RDONLY);
}

static int other_processes(void)
{
	return try_open("/proc/1/environ", O_RDONLY);
}

static int tunable(void)
{
	return try_open("/proc/sys/kernel/printk", O_WRONLY);
}

static int configuration(void)
{
	return try_open("/etc/fwslot/fwslotd.conf", O_RDONLY);
}

static int try_write(const char *path)
{
	int r;
	{
		_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		r = from_call(fd);
	}
	(void)unlink(path);
	return r;
}

static int write_etc(void)
{
	return try_write("/etc/fwslot-probe");
}

static int write_usr(void)
{
	return try_write("/usr/fwslot-probe");
}

static int write_var(void)
{
	return try_write("/var/lib/fwslot-probe");
}

static int write_run(void)
{
	return try_write("/run/fwslot-probe");
}

static int write_state(void)
{
	return try_write("/var/lib/fwslot/probe");
}

static int device_node(void)
{
	int r = from_call(mknod("/tmp/fwslot-probe-node", S_IFCHR | 0600, 0x103));

	(void)unlink("/tmp/fwslot-probe-node");
	return r;
}

static int setuid_file(void)
{
	int r;
	{
		_cleanup_close_ int fd =
			open("/tmp/fwslot-probe-setuid", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		r = fd < 0 ? -errno : from_call(fchmod(fd, 04755));
	}
	(void)unlink("/tmp/fwslot-probe-setuid");
	return r;
}

static int load_module(void)
{
	_cleanup_close_ int fd = open("/run/probe/module.ko", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : from_call(syscall(SYS_finit_module, fd, "", 0));
}

static int become_root(void)
{
	return from_call(syscall(SYS_setresuid, 0, 0, 0));
}

static int look_into_process(void)
{
	char text[32] = "";
	_cleanup_close_ int fd = open("/run/probe/pid", O_RDONLY | O_CLOEXEC);
	pid_t victim;
	int r;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	victim = (pid_t)atoi(text);
	r = from_call(ptrace(PTRACE_SEIZE, victim, NULL, NULL));
	if (r == 0 && ptrace(PTRACE_INTERRUPT, victim, NULL, NULL) == 0 &&
	    waitpid(victim, NULL, __WALL) == victim)
		(void)ptrace(PTRACE_DETACH, victim, NULL, NULL);
	return r;
}

/* In a child, which then is in it alone. */
static int in_child(int (*attempt)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(-attempt());
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int set_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	data[0].effective = data[0].permitted = 1U << CAP_SYS_ADMIN;
	return from_call(syscall(SYS_capset, &header, data));
}

/* All others are given up by this. */
static int take_capability(void)
{
	return in_child(set_capabilities);
}

static int unshare_user(void)
{
	return from_call(unshare(CLONE_NEWUSER));
}

static int unshare_mounts(void)
{
	return from_call(unshare(CLONE_NEWNS));
}

static int unshare_network(void)
{
	return from_call(unshare(CLONE_NEWNET));
}

static int user_namespace(void)
{
	return in_child(unshare_user);
}

static int mount_namespace(void)
{
	return in_child(unshare_mounts);
}

static int network_namespace(void)
{
	return in_child(unshare_network);
}

static int mount_something(void)
{
	int r = from_call(mount("none", "/mnt", "tmpfs", 0, NULL));

	if (r == 0)
		(void)umount("/mnt");
	return r;
}

static int set_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return from_call(clock_settime(CLOCK_REALTIME, &now));
}

static int set_hostname(void)
{
	char name[65] = "";

	(void)gethostname(name, sizeof(name) - 1);
	return from_call(sethostname(name, strlen(name)));
}

static int real_time(void)
{
	const struct sched_param parameters = { .sched_priority = 1 };
	const struct sched_param normal = { 0 };
	int r = from_call(sched_setscheduler(0, SCHED_FIFO, &parameters));

	(void)sched_setscheduler(0, SCHED_OTHER, &normal);
	return r;
}

static int writable_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	(void)munmap(memory, 4096);
	return 0;
}

static int other_personality(void)
{
	int r = from_call(personality(PER_LINUX32));

	(void)personality(PER_LINUX);
	return r;
}

#define ATTEMPT(name)       \
	{                   \
#name, name \
	}
static const struct {
	const char *name;
	int (*attempt)(void);
} attempts[] = {
	ATTEMPT(internet),	    ATTEMPT(internet6),
	ATTEMPT(raw_packets),	    ATTEMPT(disk),
	ATTEMPT(kernel_log),	    ATTEMPT(home),
	ATTEMPT(root_home),	    ATTEMPT(other_processes),
	ATTEMPT(tunable),	    ATTEMPT(configuration),
	ATTEMPT(write_etc),	    ATTEMPT(write_usr),
	ATTEMPT(write_var),	    ATTEMPT(write_run),
	ATTEMPT(write_state),	    ATTEMPT(device_node),
	ATTEMPT(setuid_file),	    ATTEMPT(load_module),
	ATTEMPT(become_root),	    ATTEMPT(take_capability),
	ATTEMPT(look_into_process), ATTEMPT(user_namespace),
	ATTEMPT(mount_namespace),   ATTEMPT(network_namespace),
	ATTEMPT(mount_something),   ATTEMPT(set_clock),
	ATTEMPT(set_hostname),	    ATTEMPT(real_time),
	ATTEMPT(writable_code),	    ATTEMPT(other_personality),
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		int r = attempts[i].attempt();

		printf("%s %s\n", attempts[i].name, r == 0 ? "0" : strerrorname_np(-r));
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
