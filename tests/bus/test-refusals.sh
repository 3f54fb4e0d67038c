#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every way in which an offline file is refused, by the error that InstallFile returns, with the real
# worker and files signed by fwslot-repo.  What needs a device that really installs (floor,
# downgrade) is in tests/vm/suite-daemon.sh.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh

make_bundles() {
	local month=$((30 * 24 * 3600))
	make_vendor acme && trust_vendor acme "$work/etc" &&
		add_release acme 1.1.0 11 && bundle acme "$work/good.fwb" &&
		make_vendor stranger && add_release stranger 1.1.0 11 && bundle stranger "$work/stranger.fwb" &&
		make_vendor elsewhere && trust_vendor elsewhere "$work/etc" && make_image 1.1.1 &&
		"$build/fwslot-repo" add -C "$work/elsewhere" --hardware-id fwslot/other --version 1.1.1 \
			--counter 12 "$work/1.1.1.img" >/dev/null &&
		bundle elsewhere "$work/elsewhere.fwb" &&
		make_vendor slow && trust_vendor slow "$work/etc" && add_release slow 1.1.0 11 &&
		SOURCE_DATE_EPOCH=$(($(date +%s) - month)) bundle slow "$work/expired.fwb" &&
		make_vendor steps && trust_vendor steps "$work/etc" && add_release steps 1.0.0 10 &&
		add_release steps 3.0.0 30 --min-counter 20 && bundle steps "$work/steps.fwb" &&
		make_vendor same && trust_vendor same "$work/etc" && add_release same 1.0.0 10 &&
		bundle same "$work/same.fwb" &&
		make_vendor big && trust_vendor big "$work/etc" && make_image 4.0.0 --size 2097152 &&
		add_image big "$work/4.0.0.img" 4.0.0 40 && bundle big "$work/big.fwb"
}

spoil_bundles() {
	repack "$work/good.fwb" "$work/signature.fwb" spoil_signature
	repack "$work/good.fwb" "$work/unsigned.fwb" spoil_unsigned
	repack "$work/good.fwb" "$work/payload.fwb" spoil_payload
	repack "$work/good.fwb" "$work/missing.fwb" spoil_by_omission
	repack "$work/good.fwb" "$work/json.fwb" spoil_json
	head -c 20000 "$work/good.fwb" >"$work/truncated.fwb"
	: >"$work/empty.fwb"
	seq 1000 >"$work/text.fwb"
}

install_file() { # FILE [FLAGS]
	gcall InstallFile sim0 0 "${2:-0}" '{}' <"$work/$1.fwb"
}

# refuses ERROR FILE WHAT: by that error, with a sentence, leaving a failed job and nothing on disk.
refuses() {
	is "$(error_of install_file "$2")" "org.fwslot1.Error.$1" "$3"
}

refuse_each() {
	refuses BadSignature signature "signed bytes were changed"
	refuses Unsigned unsigned "no signature"
	refuses UnknownSigner stranger "signed by somebody this machine does not know"
	refuses Expired expired "the vendor's statement has expired"
	refuses WrongDigest payload "the image was changed"
	refuses NotListed missing "the image is missing"
	refuses Malformed json "a signed file is no JSON"
	refuses Malformed text "a file that is something else"
	refuses Truncated empty "an empty file"
	refuses Truncated truncated "a file that ends too early"
	refuses Incompatible elsewhere "firmware for another device"
	refuses SteppingStone steps "an intermediate release is needed first"
	refuses AlreadyInstalled same "what is installed already"
	refuses TooLarge big "an image larger than the slot"
}

refuse_descriptors() {
	is "$(error_of gcall InstallFile sim0 0 0 '{}' < <(cat "$work/good.fwb"))" \
		org.fwslot1.Error.NotRegularFile "a pipe"
	is "$(error_of gcall InstallFile sim0 0 0 '{}' <"$work")" org.fwslot1.Error.NotRegularFile "a folder"
	is "$(error_of gcall InstallFile sim0 0 0 '{}' </dev/null)" org.fwslot1.Error.NotRegularFile "a device"
	is "$(error_of gcall InstallFile sim0 5 0 '{}' 5>"$work/out")" org.freedesktop.DBus.Error.InvalidArgs \
		"a file that is not open for reading"
	is "$(error_of gcall InstallFile sim0 0 1 '{}' <"$work/good.fwb")" \
		org.freedesktop.DBus.Error.InvalidArgs "a flag nobody knows"
	is "$(error_of gcall InstallFile sim0 0 0 "{'now': <true>}" <"$work/good.fwb")" \
		org.freedesktop.DBus.Error.InvalidArgs "an option nobody knows"
	is "$(error_of gcall InstallFile sim9 0 0 '{}' <"$work/good.fwb")" org.fwslot1.Error.NoSuchDevice \
		"a device that is not there"
}

refuse_ways_back() {
	is "$(error_of gcall Revert sim0 0)" org.fwslot1.Error.NoRevertSlot \
		"to go back where the other slot is empty"
	is "$(error_of gcall Revert sim9 0)" org.fwslot1.Error.NoSuchDevice "to go back on a device that is not there"
	is "$(error_of gcall Confirm sim0 0)" org.fwslot1.Error.NotOnTrial "to confirm what is not on trial"
	is "$(error_of gcall CancelJob 77 0)" org.fwslot1.Error.NoSuchJob "to cancel a job that never was"
}

refuse_imports() {
	local invalid=org.freedesktop.DBus.Error.InvalidArgs name
	for name in '' . .. ../good.fwb /etc/passwd a/b "$(printf '%0300d' 0)"; do
		is "$(error_of gcall InstallImported sim0 "$name" 0)" $invalid "\"${name:0:20}\" as a file name"
	done
	ln -s "$work/good.fwb" "$work/state/import/link.fwb"
	not_ok "a link in the import folder is not followed" gcall InstallImported sim0 link.fwb 0
	not_ok "a file that is not there" gcall InstallImported sim0 none.fwb 0
	cp "$work/signature.fwb" "$work/state/import/"
	is "$(error_of gcall InstallImported sim0 signature.fwb 0)" org.fwslot1.Error.BadSignature \
		"an imported file is authenticated, too"
}

limit_size() {
	mkdir -p "$work/etc/fwslotd.conf.d"
	printf '[Limits]\nMaximumBundleBytes=4K\n' >"$work/etc/fwslotd.conf.d/limit.conf"
	kill -HUP "$daemon_pid"
	sleep 0.3
	refuses TooLarge good "a file larger than allowed"
	rm "$work/etc/fwslotd.conf.d/limit.conf"
	kill -HUP "$daemon_pid"
	sleep 0.3
}

look_back() {
	is "$(property /org/fwslot1/device/sim0 Device State)" failed "the device says that the last update failed"
	like "$(call GetHistory sut sim0 0 0 | jq -r '.data[0][][7]' | sort -u | tr '\n' ' ')" \
		'bad-signature .*expired .*truncated .*unsigned' "history has the reasons"
	like "$(call GetHistory sut sim0 1 1 | jq -r '.data[0][0][7]')" ' [^ ]+ .*\.$' "and sentences for whoever asks for them"
	is "$(find "$work/state/payload" -type f 2>/dev/null | wc -l)" 0 "no payload is left on the disk"
	is "$(call ListJobs t 0 | jq -r '[.data[0][][3]] | unique | join(" ")')" failed "every job ended as failed"
	is "$(call ListJobs t 0 | jq -r '.data[0] | length')" 15 "and is still readable"
}

# The good file passes: the job goes on to write, and the older file is a rollback from then on.
accept_the_good() {
	local reply
	reply=$(install_file good)
	like "$reply" "^\(uint64 [0-9]+, objectpath '/org/fwslot1/job/_[0-9]+'\)$" "the good file is accepted"
	job=$(sed -n "s/.*'\(.*\)'.*/\1/p" <<<"$reply")
	is "$(property "$job" Job Version)" 1.1.0 "the job knows the version"
	is "$(error_of install_file good)" org.fwslot1.Error.Busy "one job for each device"
	ok "its bytes arrive at the slot" within 60 cmp "$work/1.1.0.img" \
		"$work/sys/devices/test/fwslot/fwslot0/fwslot0.1/data"
	is "$(error_of gcall CancelJob "${job##*_}" 0)" org.fwslot1.Error.NotCancellable "writing cannot be cancelled"
	add_release acme 1.2.0 12 && bundle acme "$work/newer.fwb"
	add_device 1
	within 60 property /org/fwslot1/device/sim1 Device Id
	gcall InstallFile sim1 0 0 '{}' <"$work/newer.fwb" >/dev/null
	add_device 2
	within 60 property /org/fwslot1/device/sim2 Device Id
	is "$(error_of gcall InstallFile sim2 0 0 '{}' <"$work/good.fwb")" org.fwslot1.Error.MetadataRollback \
		"after a newer file the older one is a rollback"
}

# What has expired passes only where the machine's owner allows it, and leaves no trace in what is trusted.
stale() { # FLAGS
	gcall InstallFile sim2 0 "$1" '{}' <"$work/expired.fwb"
}

accept_stale() {
	is "$(error_of stale 16)" org.fwslot1.Error.Expired "a file that has expired needs more than a flag"
	mkdir -p "$work/etc/fwslotd.conf.d"
	printf '[Updates]\nAllowStaleFiles=yes\n' >"$work/etc/fwslotd.conf.d/stale.conf"
	kill -HUP "$daemon_pid"
	within 60 eval '[ "$(error_of stale 20)" = org.freedesktop.DBus.Error.InvalidArgs ]'
	is "$(error_of stale 20)" org.freedesktop.DBus.Error.InvalidArgs "it never brings older firmware"
	is "$(error_of stale 0)" org.fwslot1.Error.Expired "without the flag it is refused as before"
	like "$(stale 16)" '^\(uint64 [0-9]+,' "with it, where that is allowed, it is accepted"
	add_device 3
	within 60 property /org/fwslot1/device/sim3 Device Id
	is "$(error_of gcall InstallFile sim3 0 0 '{}' <"$work/expired.fwb")" org.fwslot1.Error.Expired \
		"and is no fresher for the next device"
}

# Sixteen jobs may be under way; sim0, sim1 and sim2 have theirs.
refuse_too_many() {
	local number
	for number in {4..17}; do add_device "$number"; done
	within 60 property /org/fwslot1/device/sim17 Device Id
	for number in {3..15}; do
		gcall InstallFile "sim$number" 0 0 '{}' <"$work/newer.fwb" >/dev/null
	done
	is "$(error_of gcall InstallFile sim17 0 0 '{}' <"$work/newer.fwb")" org.fwslot1.Error.LimitReached \
		"one job more than may be under way"
}

make_bundles || bail "the files to be refused cannot be made"
spoil_bundles
start_bus
add_device 0
start_daemon
refuse_descriptors
refuse_ways_back
refuse_each
refuse_imports
limit_size
look_back
accept_the_good
accept_stale
refuse_too_many
finish
