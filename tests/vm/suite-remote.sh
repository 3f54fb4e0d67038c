#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Over the air: a repository made by fwslot-repo and served by nginx with TLS updates a device of the
# installed system with nothing but a remote.conf.  Then the server lies in every way it can.
# kernels: 6.1
# programs: nginx certtool
# timeout: 900
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"
. tests/web.sh
site=/srv/acme
conf=/etc/fwslot/remotes.d/acme/remote.conf

start_server() {
	certificate ca <<<$'cn = Test CA\nca\ncert_signing_key'
	certificate server ca <<<$'cn = localhost\ndns_name = localhost\ntls_www_server'
	certificate other <<<$'cn = localhost\ndns_name = localhost\ntls_www_server'
	mkdir -p $site
	chmod 755 "$work"
	start_web 8443 <<-END
		ssl_certificate_key $work/server.key;
		ssl_certificate $work/server.pem;
		server { listen 127.0.0.1:8443 ssl; root $site; }
		server { listen 127.0.0.1:8444 ssl; root $site;
			ssl_certificate_key $work/other.key; ssl_certificate $work/other.pem; }
	END
}

publish() { # [ENVIRONMENT]
	env "$@" "$build/fwslot-repo" publish -C "$work/acme" >/dev/null && rm -rf ${site:?}/* &&
		cp -r "$work/acme/site/." $site/
}

configure() { # PORT LINE...
	printf '%s\n' '[Remote]' "URL=https://localhost:$1" RandomizedDelaySec=0 '[Server]' Trust=ca CAFile=ca.pem \
		"${@:2}" >$conf
}

offered() { # VERSION
	[ "$(call ListUpdates t 0 | json '.data[0][0][1]')" = "$1" ]
}

job_reason() { # of the newest job
	property "$(call ListJobs t 0 | json '.data[0][-1][5]')" Job Reason
}

# --- nothing but a conf ---------------------------------------------------------------------

hear_by_itself() {
	modprobe fwslot_sim || bail "no module"
	ok "the device starts the daemon" within 60 version 1.0.0
	ok "which hears of the update by itself" within 120 offered 1.1.0 || note "$(call ListRemotes t 0)"
	is "$(property $device Device State)" update-available "the device says so"
	is "$(call ListRemotes t 0 | jq -c '.data[0][0] | [.[0], .[2], .[3], .[6]]')" \
		'["acme","https://localhost:8443",true,""]' "the source is well"
	refused 'Access denied|interactive' "polkit does not let nobody install it" \
		runuser -u nobody -- busctl --allow-interactive-authorization=no \
		call org.fwslot1 /org/fwslot1 org.fwslot1.Manager Install sst sim0 '' 0
}

update_it() {
	ok "it is installed" gcall Install sim0 '' 0
	ok "the device runs it on trial" within 120 state on-trial || note "$(call ListJobs t 0)"
	is "$(cut -d: -f2 $sysfs/fwslot0.1/digest)" "$(sha256sum "$work/1.1.0.img" | cut -d' ' -f1)" \
		"the slot holds exactly the vendor's image"
	ok "it is confirmed" gcall Confirm sim0 0
	ok "the device is up to date" within 60 state up-to-date
	is "$(call ListUpdates t 0 | json '.data[0]')" '[]' "and nothing more is offered"
	is "$(find /var/lib/fwslot/payload -type f | wc -l)" 0 "nothing is left behind"
}

# --- a download that breaks -----------------------------------------------------------------

break_it_off() {
	local part
	make_image 1.2.0 --size 600000 && add_image acme "$work/1.2.0.img" 1.2.0 12 && publish || bail "no 1.2.0"
	configure 8443 MaximumBandwidth=16K
	systemctl reload fwslotd.service
	ok "a larger update is found" gcall Refresh acme 0
	ok "and is installed, slowly" gcall Install sim0 1.2.0 0
	part=/var/lib/fwslot/payload/$(sha256sum "$work/1.2.0.img" | cut -d' ' -f1).part
	ok "some of it is there" within 60 test -s "$part"
	systemctl kill -s KILL fwslotd.service
	configure 8443
	ok "a daemon that was killed goes on" within 120 version 1.2.0 || note "$(call ListJobs t 0)"
	ok "with what was missing" grep -q '1\.2\.0\.bin.* 206 ' "$work/nginx/access.log"
	ok "it is confirmed" within 60 gcall Confirm sim0 0
	ok "the device is up to date" within 60 state up-to-date
}

# --- a server that lies ---------------------------------------------------------------------

refuses() { # ERROR WHAT
	is "$(error_of gcall Refresh acme 0)" "$error.$1" "$2"
}

attack() {
	cp -r $site "$work/old"
	add_release acme 1.3.0 13 && publish || bail "no 1.3.0"
	cp -r $site "$work/new"
	ok "a newer release" gcall Refresh acme 0
	rm -rf ${site:?}/* && cp -r "$work/old/." $site/
	refuses MetadataRollback "the repository of yesterday is refused"
	rm -rf ${site:?}/* && cp -r "$work/new/." $site/
	publish SOURCE_DATE_EPOCH=$(($(date +%s) - 30 * 24 * 3600))
	refuses Expired "one that has expired"
	publish
	truncate -s 1G $site/metadata/timestamp.json
	refuses TooLarge "one without an end"
	publish
	configure 8444
	systemctl reload fwslotd.service
	refuses TlsFailed "and a server with another certificate"
	configure 8443
	systemctl reload fwslotd.service
	ok "through all of it the update stays" offered 1.3.0
	printf X | dd of="$(echo $site/targets/fwslot/sim/*.1.3.0.bin)" conv=notrunc bs=1 seek=3000 status=none
	ok "an image that was changed is asked for" gcall Install sim0 '' 0
	ok "and never reaches the device" within 120 job_phase failed
	is "$(job_reason)" wrong-digest "for that reason"
	is "$(cat $sysfs/boot/running_slot $sysfs/boot/state | tr '\n' ' ')" '0 confirmed ' "it has noticed nothing"
	publish
	ok "the vendor's own is installed" gcall Install sim0 '' 0
	ok "all the same" within 120 version 1.3.0
}

make_vendor acme && trust_vendor acme /etc/fwslot && add_release acme 1.1.0 11 --note en='Fixes the display.' ||
	bail "the vendor has nothing"
start_server
publish || bail "the vendor cannot publish"
cp "$work/ca.pem" /etc/fwslot/remotes.d/acme/
configure 8443
hear_by_itself
update_it
break_it_off
attack
is "$(systemctl --failed --no-legend --plain | wc -l)" 0 "no unit has failed"
kill $web
finish
