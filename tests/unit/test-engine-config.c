/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslotd.conf: quantities, the order of drop-ins, masks, and what is said about mistakes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "engine/config.h"
#include "engine/health.h"
#include "tap.h"

static char folder[] = "/tmp/fwslot-test-config-XXXXXX";
static char said[8192];

static void remember(int level, const char *message, const struct log_field *fields)
{
	size_t used = strlen(said);

	(void)level;
	(void)fields;
	snprintf(said + used, sizeof(said) - used, "%s\n", message);
}

static char *in_folder(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		tap_bail("no memory");
	return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
	char *path = in_folder(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_bail("cannot write %s", path);
	fchmod(fd, mode);
	close(fd);
	free(path);
}

static void put_link(const char *name, const char *target)
{
	char *path = in_folder(name);

	if (symlink(target, path) < 0)
		tap_bail("symlink");
	free(path);
}

static void test_quantities(void)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} spans[] = {
		{ "90", 0, 90 * USEC_PER_SEC },	   { "90s", 0, 90 * USEC_PER_SEC },
		{ "1min 30s", 0, 90 * USEC_PER_SEC }, { "1min30s", 0, 90 * USEC_PER_SEC },
		{ "2h", 0, 2 * USEC_PER_HOUR },	   { "1d", 0, USEC_PER_DAY },
		{ "500ms", 0, 500 * USEC_PER_MSEC }, { "0", 0, 0 },
		{ "", -EINVAL, 0 },		   { "s", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },		   { "1x", -EINVAL, 0 },
		{ "1.5h", -EINVAL, 0 },		   { "99999999999999999999", -ERANGE, 0 },
		{ "18446744073709551615d", -ERANGE, 0 }, { "12345678901234567890123", -EINVAL, 0 },
		{ "18446744073709551615us 1us", -ERANGE, 0 },
		{ "infinity", 0, USEC_INFINITY }, { "infinity 1s", -EINVAL, 0 },
	}, sizes[] = {
		{ "1024", 0, 1024 }, { "64K", 0, 65536 }, { "64M", 0, 64 << 20 }, { "1G", 0, 1 << 30 },
		{ "1T", -EINVAL, 0 }, { "", -EINVAL, 0 }, { "1K 1K", -EINVAL, 0 }, { "18446744073709551615G", -ERANGE, 0 },
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		uint64_t value = 0;
		int r = conf_parse_span(spans[i].text, &value);

		tap_ok(r == spans[i].result && value == spans[i].value, "span \"%s\"",
		       spans[i].text);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t value = 0;
		int r = conf_parse_size(sizes[i].text, &value);

		tap_ok(r == sizes[i].result && (r < 0 || value == sizes[i].value), "size \"%s\"",
		       sizes[i].text);
	}
}

static void test_files(const struct folders *folders)
{
	struct config config;

	tap_is(config_read(folders, &config), 0, "no file at all is fine");
	tap_is(config.auto_confirm, true, "defaults hold");
	tap_is_string(config.rules.policy, "ask", "for words too");

	put("vendor/fwslotd.conf", "[Trial]\nTrialSec=7s\n", 0644);
	config_read(folders, &config);
	tap_is(config.trial_usec, 7 * USEC_PER_SEC, "the vendor's file is read");
	put("etc/fwslotd.conf", "# comment\n; comment\n\n [Trial] \n AutoConfirm = no \n", 0644);
	config_read(folders, &config);
	tap_is(config.auto_confirm, false, "the administrator's counts");
	tap_is(config.trial_usec, USEC_PER_HOUR, "instead of the vendor's");

	put("vendor/fwslotd.conf.d/10-a.conf", "[Trial]\nTrialSec=1s\nRestartTimeoutSec=11s\n",
	    0644);
	put("run/fwslotd.conf.d/20-b.conf", "[Trial]\nTrialSec=2s\n", 0644);
	put("etc/fwslotd.conf.d/15-c.conf", "[Trial]\nTrialSec=3s\n", 0644);
	put("etc/fwslotd.conf.d/ignored.txt", "[Trial]\nTrialSec=4s\n", 0644);
	tap_is(config_read(folders, &config), 0, "drop-ins");
	tap_is(config.trial_usec, 2 * USEC_PER_SEC, "the last name wins, whatever its folder");
	tap_is(config.restart_timeout_usec, 11 * USEC_PER_SEC, "keys add up");
	put("etc/fwslotd.conf.d/20-b.conf", "[Updates]\nPolicy=never\n", 0644);
	config_read(folders, &config);
	tap_is(config.trial_usec, 3 * USEC_PER_SEC,
	       "the same name in a later folder takes the place");
	tap_is_string(config.rules.policy, "never", "with what it says");
	put_link("etc/fwslotd.conf.d/10-a.conf", "/dev/null");
	tap_is(config_read(folders, &config), 0, "a mask");
	tap_is(config.restart_timeout_usec, 5 * USEC_PER_MINUTE, "hides the vendor's");
}

static void test_complaints(const struct folders *folders)
{
	static const char *const expected[] = {
		"bad.conf:2: unknown key \"TrailSec=\" in section [Trial]",
		"bad.conf:3: AutoConfirm=maybe is not yes or no",
		"bad.conf:4: TrialSec=soon is not a time span",
		"bad.conf:5: RestartTimeoutSec=0 is outside of the allowed range",
		"bad.conf:6: expected \"Key=value\" or \"[Section]\", found \"nonsense\"",
		"bad.conf:8: unknown key \"TrialSec=\" in section [Limits]",
		"bad.conf:9: MaximumBundleBytes=big is not a size",
		"bad.conf:11: Policy=whatever is not ask, automatic",
	};
	struct config config;
	char *text;

	said[0] = '\0';
	put("etc/fwslotd.conf.d/99-bad.conf",
	    "[Trial]\nTrailSec=1\nAutoConfirm=maybe\nTrialSec=soon\nRestartTimeoutSec=0\nnonsense\n[Limits]\n"
	    "TrialSec=1\nMaximumBundleBytes=big\n[Updates]\nPolicy=whatever",
	    0644);
	tap_is(config_read(folders, &config), 8, "eight mistakes");
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		tap_ok(strstr(said, expected[i]), "is told: %s", expected[i]);
	tap_is(config.trial_usec, 3 * USEC_PER_SEC, "and what was right stays");

	text = malloc(CONF_FILE_BYTES_MAX + 10);
	memset(text, '#', CONF_FILE_BYTES_MAX + 9);
	text[CONF_FILE_BYTES_MAX + 9] = '\0';
	put("etc/fwslotd.conf.d/99-bad.conf", text, 0644);
	free(text);
	said[0] = '\0';
	tap_is(config_read(folders, &config), 1, "a file that is too large");
	tap_ok(strstr(said, "99-bad.conf: cannot be read"), "is named");
}

/* Devices have their own rules, and what is said for all in any file for what they do not say. */
static void test_devices(const struct folders *folders)
{
	const struct policy_rules *rules;
	struct config config;

	put("etc/fwslotd.conf.d/99-bad.conf", "", 0644);
	put("vendor/fwslotd.conf.d/05-devices.conf",
	    "[Device sim0]\nPolicy=never\n[Device acme/*]\nWindow=always\n[Device acme/dock]\nMinimumBattery=50\n",
	    0644);
	put("etc/fwslotd.conf.d/90-late.conf",
	    "[Updates]\nPolicy=security\nDeadlineSec=infinity\n[Window]\nMinimumBattery=20%\nAllowMetered=yes\n"
	    "[Device acme/*]\nRequireACPower=no\n",
	    0644);
	tap_is(config_read(folders, &config), 0, "sections of devices");
	tap_is(config.device_count, 3, "three of them");
	rules = config_rules_of(&config, "sim0", "acme/dock");
	tap_is_string(rules->policy, "never", "the device's own section comes first");
	tap_ok(rules->minimum_battery_percent == 20 && rules->allows_metered,
	       "with what a later file says for all");
	rules = config_rules_of(&config, "sim1", "acme/dock");
	tap_ok(rules->windows.is_always && !rules->requires_mains &&
		       rules->minimum_battery_percent == 20,
	       "then the first pattern, in all files, and no other");
	tap_is_string(rules->policy, "security", "what it does not say is said for all");
	rules = config_rules_of(&config, "sim1", "other/dock");
	tap_ok(rules == &config.rules, "others have what is said for all");
	tap_is((intmax_t)rules->deadline_usec, (intmax_t)USEC_INFINITY, "infinity is a span");

	said[0] = '\0';
	put("etc/fwslotd.conf.d/90-late.conf",
	    "[Device sim0]\nWindow=soon\nTrialSec=1\n[Window]\nMinimumBattery=101%\nWindowSec=1min\nWindow=22:00..06:00\n",
	    0644);
	tap_is(config_read(folders, &config), 5, "five mistakes");
	tap_ok(strstr(said, ":2: Window=soon is not \"always\", \"never\" or windows like"),
	       "a window that nobody understands");
	tap_ok(strstr(said, ":3: unknown key \"TrialSec=\" in section [Device sim0]"),
	       "a key that devices do not have");
	tap_ok(strstr(said, ":7: Window=22:00..06:00 is not"), "the classic mistake");
	tap_is((intmax_t)config.rules.window_usec, (intmax_t)(8 * USEC_PER_HOUR),
	       "the default stays");
}

static void test_health_folder(const struct folders *folders)
{
	char *paths[HEALTH_CHECKS_MAX];
	unsigned count;

	put("vendor/health.d/20-b", "", 0755);
	put("vendor/health.d/10-a", "", 0755);
	put("vendor/health.d/30-masked", "", 0755);
	put("vendor/health.d/README", "", 0644);
	put("etc/health.d/10-a", "", 0755);
	put_link("etc/health.d/30-masked", "/dev/null");
	count = health_collect(folders, paths);
	tap_is(count, 2, "checks are what may be executed and is not masked");
	tap_ok(count == 2 && strstr(paths[0], "etc/health.d/10-a") &&
		       strstr(paths[1], "vendor/health.d/20-b"),
	       "sorted by name, the administrator's first");
	while (count > 0)
		free(paths[--count]);
}

int main(void)
{
	static const char *const folders_made[] = { "etc",
						    "vendor",
						    "run",
						    "etc/fwslotd.conf.d",
						    "vendor/fwslotd.conf.d",
						    "run/fwslotd.conf.d",
						    "etc/health.d",
						    "vendor/health.d" };
	struct folders folders;
	char *command = NULL;

	if (!mkdtemp(folder))
		tap_bail("mkdtemp");
	for (size_t i = 0; i < sizeof(folders_made) / sizeof(folders_made[0]); i++) {
		char *path = in_folder(folders_made[i]);

		if (mkdir(path, 0755) < 0)
			tap_bail("mkdir");
		free(path);
	}
	folders = (struct folders){ .config = in_folder("etc"),
				    .vendor = in_folder("vendor"),
				    .runtime = in_folder("run") };
	log_set_sink(remember);
	test_quantities();
	test_files(&folders);
	test_complaints(&folders);
	test_devices(&folders);
	test_health_folder(&folders);
	free((char *)folders.config);
	free((char *)folders.vendor);
	free((char *)folders.runtime);
	if (asprintf(&command, "rm -rf '%s'", folder) >= 0 && system(command) != 0)
		printf("# %s is left over\n", folder);
	free(command);
	return tap_done();
}
