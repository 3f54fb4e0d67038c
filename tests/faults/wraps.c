/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every function by which our code allocates or calls the system, as the linker shows it to our
 * objects (--wrap, made from the WRAP lines here): the real one, unless it is its turn to fail.
 * Names are those of the C library with 64-bit offsets. close() and free() never fail here:
 * there is nothing to do about it.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <jansson.h>
#include <sqlite3.h>

#include "faults.h"

/* clang-format off */
#define WRAP(type, name, parameters, arguments, failed, error) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		if (fault_is_due(#name)) { \
			errno = error; \
			return failed; \
		} \
		return __real_##name arguments; \
	}

/* memory */
WRAP(void *, malloc, (size_t size), (size), NULL, ENOMEM)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL, ENOMEM)
WRAP(void *, realloc, (void *old, size_t size), (old, size), NULL, ENOMEM)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size), NULL, ENOMEM)
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), NULL, ENOMEM)
WRAP(char *, strdup, (const char *text), (text), NULL, ENOMEM)
WRAP(char *, strndup, (const char *text, size_t size), (text, size), NULL, ENOMEM)
WRAP(int, vasprintf, (char **ret, const char *format, va_list args), (ret, format, args), -1, ENOMEM)
WRAP(FILE *, open_memstream, (char **ret, size_t *ret_size), (ret, ret_size), NULL, ENOMEM)

/* files */
WRAP(int, open64, (const char *path, int flags, mode_t mode), (path, flags, mode), -1, EMFILE)
WRAP(int, openat64, (int dir, const char *path, int flags, mode_t mode), (dir, path, flags, mode), -1, EMFILE)
WRAP(ssize_t, read, (int fd, void *bytes, size_t size), (fd, bytes, size), -1, EIO)
WRAP(ssize_t, pread64, (int fd, void *bytes, size_t size, off_t at), (fd, bytes, size, at), -1, EIO)
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size), -1, ENOSPC)
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at), -1, ENOSPC)
WRAP(int, ftruncate64, (int fd, off_t size), (fd, size), -1, EIO)
WRAP(off_t, lseek64, (int fd, off_t offset, int from), (fd, offset, from), -1, EIO)
WRAP(int, fstat64, (int fd, struct stat *ret), (fd, ret), -1, EIO)
WRAP(int, stat64, (const char *path, struct stat *ret), (path, ret), -1, EIO)
WRAP(int, fstatat64, (int dir, const char *path, struct stat *ret, int flags), (dir, path, ret, flags), -1, EIO)
WRAP(int, renameat, (int from_dir, const char *from, int to_dir, const char *to), (from_dir, from, to_dir, to), -1, EIO)
WRAP(int, linkat, (int from_dir, const char *from, int to_dir, const char *to, int flags), (from_dir, from, to_dir, to, flags), -1, ENOSPC)
WRAP(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1, EIO)
WRAP(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), -1, ENOSPC)
WRAP(int, fcntl64, (int fd, int command, uintptr_t argument), (fd, command, argument), -1, EMFILE)
WRAP(int, flock, (int fd, int how), (fd, how), -1, ENOLCK)
WRAP(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
WRAP(DIR *, fdopendir, (int fd), (fd), NULL, ENOMEM)
WRAP(struct dirent *, readdir64, (DIR *folder), (folder), NULL, EIO)
WRAP(ssize_t, readlink, (const char *path, char *ret, size_t size), (path, ret, size), -1, EIO)

/* processes and sockets */
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
WRAP(int, socketpair, (int domain, int type, int protocol, int *ret), (domain, type, protocol, ret), -1, EMFILE)
WRAP(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size), -1, ECONNREFUSED)
WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size), (fd, level, name, value, size), -1, ENOMEM)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1, ENOBUFS)
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1, ENOMEM)
WRAP(int, poll, (struct pollfd *fds, nfds_t count, int timeout), (fds, count, timeout), -1, ENOMEM)
WRAP(int, pipe2, (int *ret, int flags), (ret, flags), -1, EMFILE)
WRAP(pid_t, fork, (void), (), -1, EAGAIN)
WRAP(int, posix_spawn, (pid_t *ret, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment), (ret, path, actions, attributes, arguments, environment), EAGAIN, EAGAIN)
WRAP(int, pidfd_open, (pid_t process, unsigned int flags), (process, flags), -1, EMFILE)
WRAP(int, getrlimit64, (int resource, struct rlimit *ret), (resource, ret), -1, EPERM)
WRAP(int, setrlimit64, (int resource, const struct rlimit *limit), (resource, limit), -1, EPERM)
WRAP(int, uname, (struct utsname *ret), (ret), -1, EFAULT)

/* Functions of libraries, with an error of theirs. */
#define WRAP_LIBRARY(type, name, parameters, arguments, failed) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return fault_is_due_at_library(#name) ? failed : __real_##name arguments; \
	}

WRAP_LIBRARY(int, sqlite3_prepare_v3, (sqlite3 *database, const char *text, int size, unsigned int flags, sqlite3_stmt **ret, const char **ret_tail), (database, text, size, flags, ret, ret_tail), SQLITE_NOMEM)
WRAP_LIBRARY(int, sqlite3_prepare_v2, (sqlite3 *database, const char *text, int size, sqlite3_stmt **ret, const char **ret_tail), (database, text, size, ret, ret_tail), SQLITE_NOMEM)
WRAP_LIBRARY(int, sqlite3_bind_int, (sqlite3_stmt *statement, int column, int value), (statement, column, value), SQLITE_NOMEM)
WRAP_LIBRARY(int, sqlite3_bind_int64, (sqlite3_stmt *statement, int column, sqlite3_int64 value), (statement, column, value), SQLITE_NOMEM)
WRAP_LIBRARY(int, sqlite3_bind_text, (sqlite3_stmt *statement, int column, const char *text, int size, void (*release)(void *)), (statement, column, text, size, release), SQLITE_NOMEM)
WRAP_LIBRARY(int, sqlite3_bind_value, (sqlite3_stmt *statement, int column, const sqlite3_value *value), (statement, column, value), SQLITE_NOMEM)
WRAP_LIBRARY(int, sqlite3_step, (sqlite3_stmt *statement), (statement), SQLITE_IOERR)
WRAP_LIBRARY(int, sqlite3_exec, (sqlite3 *database, const char *text, int (*row)(void *, int, char **, char **), void *userdata, char **ret), (database, text, row, userdata, ret), SQLITE_IOERR)
WRAP_LIBRARY(int, sqlite3_vfs_register, (sqlite3_vfs *vfs, int is_default), (vfs, is_default), SQLITE_NOMEM)
WRAP_LIBRARY(int, gnutls_pubkey_init, (gnutls_pubkey_t *ret), (ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_import, (gnutls_pubkey_t key, const gnutls_datum_t *data, gnutls_x509_crt_fmt_t format), (key, data, format), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_import_ecc_raw, (gnutls_pubkey_t key, gnutls_ecc_curve_t curve, const gnutls_datum_t *x, const gnutls_datum_t *y), (key, curve, x, y), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_import_rsa_raw, (gnutls_pubkey_t key, const gnutls_datum_t *modulus, const gnutls_datum_t *exponent), (key, modulus, exponent), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_import_privkey, (gnutls_pubkey_t key, gnutls_privkey_t private, unsigned int usage, unsigned int flags), (key, private, usage, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_export2, (gnutls_pubkey_t key, gnutls_x509_crt_fmt_t format, gnutls_datum_t *ret), (key, format, ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_export_ecc_raw2, (gnutls_pubkey_t key, gnutls_ecc_curve_t *curve, gnutls_datum_t *x, gnutls_datum_t *y, unsigned int flags), (key, curve, x, y, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_export_rsa_raw2, (gnutls_pubkey_t key, gnutls_datum_t *modulus, gnutls_datum_t *exponent, unsigned int flags), (key, modulus, exponent, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_set_spki, (gnutls_pubkey_t key, const gnutls_x509_spki_t parameters, unsigned int flags), (key, parameters, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_pubkey_verify_data2, (gnutls_pubkey_t key, gnutls_sign_algorithm_t algorithm, unsigned int flags, const gnutls_datum_t *data, const gnutls_datum_t *signature), (key, algorithm, flags, data, signature), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_x509_spki_init, (gnutls_x509_spki_t *ret), (ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_privkey_init, (gnutls_privkey_t *ret), (ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_privkey_import_x509, (gnutls_privkey_t key, gnutls_x509_privkey_t from, unsigned int flags), (key, from, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_privkey_sign_data2, (gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, unsigned int flags, const gnutls_datum_t *data, gnutls_datum_t *ret), (key, algorithm, flags, data, ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_x509_privkey_init, (gnutls_x509_privkey_t *ret), (ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_x509_privkey_generate, (gnutls_x509_privkey_t key, gnutls_pk_algorithm_t algorithm, unsigned int bits, unsigned int flags), (key, algorithm, bits, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_x509_privkey_import2, (gnutls_x509_privkey_t key, const gnutls_datum_t *data, gnutls_x509_crt_fmt_t format, const char *password, unsigned int flags), (key, data, format, password, flags), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_x509_privkey_export_ecc_raw, (gnutls_x509_privkey_t key, gnutls_ecc_curve_t *curve, gnutls_datum_t *x, gnutls_datum_t *y, gnutls_datum_t *k), (key, curve, x, y, k), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_x509_privkey_export2_pkcs8, (gnutls_x509_privkey_t key, gnutls_x509_crt_fmt_t format, const char *password, unsigned int flags, gnutls_datum_t *ret), (key, format, password, flags, ret), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_hash_init, (gnutls_hash_hd_t *ret, gnutls_digest_algorithm_t algorithm), (ret, algorithm), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(int, gnutls_hash_fast, (gnutls_digest_algorithm_t algorithm, const void *bytes, size_t size, void *digest), (algorithm, bytes, size, digest), GNUTLS_E_MEMORY_ERROR)
WRAP_LIBRARY(json_t *, json_object, (void), (), NULL)
WRAP_LIBRARY(json_t *, json_array, (void), (), NULL)
/* clang-format on */

/* Those that the macro cannot make; the lines are for the linker's flags. */
#undef WRAP
#define WRAP(...)
WRAP(int, fsync, ...)
WRAP(int, asprintf, ...)
WRAP(int, sandbox_enter, ...) /* faults-worker.c */

/* Nothing here loses its power: the disk is not waited for. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;
	if (!fault_is_due("fsync"))
		return 0;
	errno = EIO;
	return -1;
}

int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;
	int size;

	if (fault_is_due("asprintf")) {
		errno = ENOMEM;
		return -1;
	}
	va_start(args, format);
	size = __real_vasprintf(ret, format, args);
	va_end(args);
	return size;
}

/* SQLite wants to know how large an allocation is: the size is kept in front of it. */
#define SQLITE_HEADER 16

static void *sqlite_allocate(int size)
{
	char *memory;

	if (fault_is_due_in_library("malloc of SQLite"))
		return NULL;
	memory = __real_malloc((size_t)size + SQLITE_HEADER);
	if (!memory)
		return NULL;
	*(int *)(void *)memory = size;
	return memory + SQLITE_HEADER;
}

static void sqlite_release(void *memory)
{
	free((char *)memory - SQLITE_HEADER);
}

static int sqlite_size(void *memory)
{
	return memory ? *(int *)(void *)((char *)memory - SQLITE_HEADER) : 0;
}

static void *sqlite_resize(void *memory, int size)
{
	char *resized;

	if (fault_is_due_in_library("realloc of SQLite"))
		return NULL;
	resized = __real_realloc((char *)memory - SQLITE_HEADER, (size_t)size + SQLITE_HEADER);
	if (!resized)
		return NULL;
	*(int *)(void *)resized = size;
	return resized + SQLITE_HEADER;
}

static int sqlite_round_up(int size)
{
	return (size + 7) & ~7;
}

static int sqlite_begin(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void sqlite_end(void *unused)
{
	(void)unused;
}

static void *json_allocate(size_t size)
{
	return fault_is_due_in_library("malloc of jansson") ? NULL : __real_malloc(size);
}

void faults_watch_libraries(void)
{
	static const sqlite3_mem_methods methods = {
		.xMalloc = sqlite_allocate,
		.xFree = sqlite_release,
		.xRealloc = sqlite_resize,
		.xSize = sqlite_size,
		.xRoundup = sqlite_round_up,
		.xInit = sqlite_begin,
		.xShutdown = sqlite_end,
	};

	sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
	json_set_alloc_funcs(json_allocate, free);
}
