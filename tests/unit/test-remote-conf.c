/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Update sources: which files count, what remote.conf may say, and that one mistake in it is one too many. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "remote/remote-conf.h"
#include "remote/remotes.h"
#include "tap.h"

static char folder[] = "/tmp/fwslot-test-remote-XXXXXX";
static char said[8192];

static void remember(int level, const char *message, const struct log_field *fields)
{
	size_t used = strlen(said);

	(void)level;
	(void)fields;
	snprintf(said + used, sizeof(said) - used, "%s\n", message);
}

/* Valid until the next call. */
static const char *place(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	int fd = open(place(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_bail("cannot write %s", name);
	close(fd);
}

static void make_folder(const char *name)
{
	if (mkdir(place(name), 0700) < 0)
		tap_bail("cannot make %s", name);
}

static enum reason read_conf(const char *text, struct remote_conf *ret, char sentence[static 600])
{
	_cleanup_failure_ struct failure failure = { 0 };

	remote_conf_clear(ret);
	said[0] = '\0';
	put("remote.conf", text);
	(void)!remote_conf_read(place("remote.conf"), ret, &failure);
	snprintf(sentence, 600, "%s", failure_message(&failure));
	return failure.reason;
}

static void test_values(void)
{
	_cleanup_remote_conf_ struct remote_conf conf = { 0 };
	char sentence[600];

	tap_is(read_conf("[Remote]\nURL=https://firmware.example.com/acme\n", &conf, sentence),
	       REASON_OK, "a URL is enough");
	tap_is_string(conf.url, "https://firmware.example.com/acme", "and is taken");
	tap_is(conf.is_enabled, true, "it is asked");
	tap_is(conf.refresh_interval_usec, USEC_PER_DAY, "once a day");
	tap_is_string(conf.trust, "system", "by the system's CAs");
	tap_ok(!conf.proxy && !conf.ca_file && !conf.title && conf.bandwidth == 0,
	       "without more ado");
	tap_is(read_conf(
		       "[Remote]\nTitle=Acme docks\nURL=http://a/\nEnabled=no\nRefreshIntervalSec=10min\n"
		       "[Server]\nTrust=ca\nCAFile=ca.pem\nPinnedKey=sha256//AA=\nClientCertificate=c.pem\n"
		       "ClientKey=pkcs11:token=x\nClientKeyPasswordFile=/run/pin\nProxy=http://p:1\n"
		       "MaximumBandwidth=1M\n",
		       &conf, sentence),
	       REASON_OK, "all keys");
	tap_ok(!conf.is_enabled && conf.refresh_interval_usec == 10 * USEC_PER_MINUTE &&
		       conf.bandwidth == 1 << 20,
	       "numbers are taken");
	tap_ok(strcmp(conf.title, "Acme docks") == 0 && strcmp(conf.trust, "ca") == 0 &&
		       strcmp(conf.ca_file, "ca.pem") == 0 &&
		       strcmp(conf.private_key, "pkcs11:token=x") == 0,
	       "texts too");
}

static void test_mistakes(void)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{ "", "URL= in section [Remote] is missing" },
		{ "[Remote]\nTitle=\xff\nURL=https://a/\n", "Title= must be UTF-8" },
		{ "[Remote]\nURL=\n", "URL= in section [Remote] is missing" },
		{ "[Remote]\nURL=ftp://a/\n", "URL= must be https://" },
		{ "[Remote]\nURL=https://\n", "URL= must be https://" },
		{ "[Remote]\nURL=https://user@a/\n", "URL= must be https://" },
		{ "[Remote]\nURL=https://a/?b\n", "URL= must be https://" },
		{ "[Remote]\nURL=https://a/b c\n", "URL= must be https://" },
		{ "[Remote]\nUrl=https://a/\n",
		  "remote.conf:2: unknown key \"Url=\" in section [Remote]" },
		{ "[Remote]\nURL=https://a/\nEnabled=perhaps\n",
		  "remote.conf:3: Enabled=perhaps is not yes or no" },
		{ "[Remote]\nURL=https://a/\nRefreshIntervalSec=1s\n",
		  "remote.conf:3: RefreshIntervalSec=1s is outside of the allowed range" },
		{ "[Remote]\nURL=https://a/\n[Server]\nTrust=everybody\n",
		  "remote.conf:4: Trust=everybody is not system, ca or key" },
		{ "[Remote]\nURL=https://a/\n[Server]\nTrust=ca\n", "CAFile= and Trust=ca" },
		{ "[Remote]\nURL=https://a/\n[Server]\nCAFile=a\n", "CAFile= and Trust=ca" },
		{ "[Remote]\nURL=https://a/\n[Server]\nTrust=key\n", "needs PinnedKey=" },
		{ "[Remote]\nURL=https://a/\n[Server]\nClientKey=a\n", "belong together" },
		{ "[Remote]\nURL=https://a/\n[Server]\nClientKeyPasswordFile=a\n",
		  "needs ClientKey=" },
		{ "[Remote]\nURL=https://a/\n[Server]\nMaximumBandwidth=1\n", "at least 16K" },
		{ "[Remote]\nURL=https://a/\nnonsense\n", "remote.conf:3: expected \"Key=value\"" },
	};
	_cleanup_remote_conf_ struct remote_conf conf = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sentence[600];

		tap_is(read_conf(rows[i].text, &conf, sentence), REASON_INVALID_ARGUMENT,
		       rows[i].sentence);
		tap_ok(strstr(sentence, rows[i].sentence) && strstr(said, rows[i].sentence),
		       "is said, and in the log: %s", sentence);
	}
}

static void test_folders(void)
{
	char etc[64], vendor[64];
	const char *const folders[] = { etc, vendor, "/nonexistent" };
	_cleanup_remotes_ struct remotes remotes = { 0 };
	const struct remote *remote;

	snprintf(etc, sizeof(etc), "%s/etc", folder);
	snprintf(vendor, sizeof(vendor), "%s/vendor", folder);
	make_folder("etc");
	make_folder("vendor");
	make_folder("etc/acme");
	make_folder("vendor/acme");
	make_folder("vendor/zeta");
	make_folder("etc/rootless");
	make_folder("etc/.hidden");
	put("vendor/acme/root.json", "of the package");
	put("vendor/acme/remote.conf", "");
	put("etc/acme/remote.conf", "");
	put("vendor/zeta/root.json", "of zeta");
	put("etc/rootless/remote.conf", "");
	said[0] = '\0';
	tap_is(remotes_load(folders, 3, &remotes, NULL), 0, "sources of three folders, one absent");
	tap_is((intmax_t)remotes.count, 2, "are those that have a root");
	tap_ok(strstr(said, "rootless"), "of the other one the log tells");
	remote = remotes_find(&remotes, "acme");
	tap_ok(remote && strcmp(remote->root, "of the package") == 0 && remote->conf_path &&
		       strncmp(remote->conf_path, etc, strlen(etc)) == 0,
	       "a package's root, the administrator's remote.conf");
	remote = remotes_find(&remotes, "zeta");
	tap_ok(remote && !remote->conf_path, "one without a server");
	tap_ok(!remotes_find(&remotes, "rootless"), "and none of another name");
}

int main(void)
{
	char command[64];

	if (!mkdtemp(folder))
		tap_bail("mkdtemp");
	log_set_sink(remember);
	test_values();
	test_mistakes();
	test_folders();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		printf("# %s is left over\n", folder);
	return tap_done();
}
