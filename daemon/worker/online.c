/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps from the name of an update source to its fresh metadata. */
#include "worker/online.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "trust/quiet.h"
#include "worker/sandbox.h"

#define PASSWORD_FILE_BYTES_MAX 4096
#define PKCS11_SCHEME "pkcs11:"

void online_clear(struct online *online)
{
	trust_client_free(online->client);
	trust_store_close(online->store);
	server_free(online->server);
	fetch_client_free(online->fetch);
	remote_conf_clear(&online->conf);
	remotes_clear(&online->remotes);
	close_fd(online->stage_fd);
	close_fd(online->trust_fd);
	*online = (struct online)ONLINE_NONE;
}

static int open_folders(const struct bundle_request *request, struct online *online,
			struct failure *failure)
{
	online->stage_fd = folder_open(&io_default, AT_FDCWD, request->stage_folder, true, 0700);
	if (online->stage_fd < 0)
		return fail_errno(failure, online->stage_fd, "Cannot open the folder of images %s",
				  request->stage_folder);
	online->trust_fd = folder_open(&io_default, AT_FDCWD, request->trust_folder, true, 0700);
	if (online->trust_fd < 0)
		return fail_errno(failure, online->trust_fd,
				  "Cannot open the folder of trusted metadata %s",
				  request->trust_folder);
	return 0;
}

static int find_remote(const struct bundle_request *request, struct online *online,
		       struct failure *failure)
{
	int r = remotes_load(request->roots_folders, request->roots_folder_count, &online->remotes,
			     failure);

	if (r < 0)
		return r;
	online->remote = remotes_find(&online->remotes, request->remote);
	if (!online->remote)
		return fail(failure, REASON_NO_SUCH_REMOTE,
			    "There is no update source \"%.64s\" with a root.json.",
			    request->remote);
	if (!online->remote->conf_path)
		return fail(failure, REASON_NO_SUCH_REMOTE,
			    "Update source %s has no remote.conf that says where its server is.",
			    online->remote->name);
	return remote_conf_read(online->remote->conf_path, &online->conf, failure);
}

/* A file named in remote.conf, relative to it. */
static int open_named(const struct online *online, const char *name, int *ret,
		      struct failure *failure)
{
	const char *conf = online->remote->conf_path;
	_cleanup_free_ char *path = NULL;
	int fd;

	if (name[0] == '/')
		path = strdup(name);
	else if (asprintf(&path, "%.*s/%s", (int)(strrchr(conf, '/') - conf), conf, name) < 0)
		path = NULL;
	if (!path)
		return fail_memory(failure);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(failure, errno, "%s: cannot open %s", conf, path);
	*ret = fd;
	return 0;
}

/* A certificate or key: a PKCS#11 URI is passed on as it is, a file as its descriptor. */
static int open_pem(const struct online *online, const char *name, const char **uri, int *fd,
		    struct failure *failure)
{
	if (!name)
		return 0;
	if (strncmp(name, PKCS11_SCHEME, strlen(PKCS11_SCHEME)) == 0) {
		*uri = name;
		return 0;
	}
	return open_named(online, name, fd, failure);
}

static int read_password(const struct online *online, char **ret, struct failure *failure)
{
	_cleanup_close_ int fd = -EBADF;
	size_t size;
	int r;

	if (!online->conf.key_password_file)
		return 0;
	r = open_named(online, online->conf.key_password_file, &fd, failure);
	if (r < 0)
		return r;
	r = file_read_fd(fd, PASSWORD_FILE_BYTES_MAX, ret, &size);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read %s", online->conf.key_password_file);
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return 0;
}

static int open_identity(struct online *online, struct fetch_identity *identity, char **password,
			 struct failure *failure)
{
	const struct remote_conf *conf = &online->conf;
	int r = 0;

	identity->trust = conf->trust;
	identity->pinned_key = conf->pinned_key;
	identity->proxy = conf->proxy;
	if (conf->ca_file)
		r = open_named(online, conf->ca_file, &identity->ca_fd, failure);
	if (r >= 0)
		r = open_pem(online, conf->certificate, &identity->certificate,
			     &identity->certificate_fd, failure);
	if (r >= 0)
		r = open_pem(online, conf->private_key, &identity->private_key,
			     &identity->private_key_fd, failure);
	if (r >= 0)
		r = read_password(online, password, failure);
	identity->key_password = *password;
	return r;
}

static int connect_fetch(const struct bundle_request *request, struct online *online,
			 struct failure *failure)
{
	struct fetch_identity identity = FETCH_IDENTITY_DEFAULT;
	char *password = NULL;
	int r = fetch_client_connect(request->fetch_socket, &online->fetch, failure);

	if (r >= 0)
		r = open_identity(online, &identity, &password, failure);
	if (r >= 0)
		r = fetch_client_open(online->fetch, &identity, failure);
	close_fd(identity.ca_fd);
	close_fd(identity.certificate_fd);
	close_fd(identity.private_key_fd);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	return r;
}

static int make_server(const struct bundle_request *request, fetch_progressed_t progressed,
		       void *userdata, struct online *online, struct failure *failure)
{
	_cleanup_free_ char *metadata = NULL, *targets = NULL;
	const char *url = online->conf.url;
	int length = (int)strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	if (asprintf(&metadata, "%.*s/metadata/", length, url) < 0 ||
	    asprintf(&targets, "%.*s/targets/", length, url) < 0)
		return fail_memory(failure);
	return server_new(
		&(struct server_options){
			.client = online->fetch,
			.io = &io_default,
			.stage_fd = online->stage_fd,
			.metadata_url = metadata,
			.targets_url = targets,
			.bandwidth = online->conf.bandwidth,
			.total_msec = request->total_msec,
			.progressed = progressed,
			.userdata = userdata,
		},
		&online->server, failure);
}

int online_open(const struct bundle_request *request, uint64_t file_bytes_max,
		fetch_progressed_t progressed, void *userdata, struct online *ret,
		struct failure *failure)
{
	const struct sandbox_folder folders[] = {
		{ request->stage_folder, FOLDER_WRITE },
		{ request->trust_folder, FOLDER_WRITE },
		{ request->backup_folder, FOLDER_READ },
	};
	size_t folder_count = ARRAY_SIZE(folders) - (request->backup_folder ? 0 : 1);
	int r = open_folders(request, ret, failure);

	if (r >= 0)
		r = find_remote(request, ret, failure);
	if (r >= 0)
		r = connect_fetch(request, ret, failure);
	if (r >= 0)
		r = make_server(request, progressed, userdata, ret, failure);
	if (r >= 0)
		r = sandbox_enter(folders, folder_count, file_bytes_max, failure);
	return r;
}

int online_refresh(struct online *online, usec_t now, struct failure *failure)
{
	const struct remote *remote = online->remote;
	int r = trust_store_open(&io_default, online->trust_fd, remote->name, &online->store,
				 failure);

	if (r >= 0)
		r = trust_client_new(online->store, server_fetcher(online->server), CLIENT_FETCH,
				     now, remote->root, remote->root_size, &online->client,
				     failure);
	if (r < 0)
		return r;
	trust_client_keep_copies(online->client);
	return trust_client_refresh_if_new(online->client, failure);
}
