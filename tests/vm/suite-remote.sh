#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Over the air: a repository made by fwslot-repo and served by nginx with TLS updates a device of the
# installed system with nothing but a remote.conf.  Then the server lies in every way it can.
# kernels: 6.1
# programs: nginx certtool
# timeout: 600
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"
site=/srv/acme
conf=/etc/fwslot/remotes.d/acme/remote.conf

# certificate NAME [ISSUER] <<TEMPLATE: NAME.key and NAME.pem in $work, signed by ISSUER or itself.
certificate() {
	local name=$1 way=--generate-self-signed
	cat >"$work/$name.template"
	certtool --generate-privkey --key-type=ecdsa --curve=secp256r1 --outfile="$work/$name.key" >/dev/null 2>&1
	[ $# = 1 ] || way="--generate-certificate --load-ca-privkey=$work/$2.key --load-ca-certificate=$work/$2.pem"
	# shellcheck disable=SC2086  # several words
	certtool $way --load-privkey="$work/$name.key" --template="$work/$name.template" \
		--outfile="$work/$name.pem" >"$work/$name.log" 2>&1
}

start_server() {
	certificate ca <<<$'cn = Test CA\nca\ncert_signing_key\nexpiration_days = 2' &&
		certificate server ca <<<$'cn = localhost\ndns_name = localhost\ntls_www_server\nexpiration_days = 2' &&
		certificate other <<<$'cn = localhost\ndns_name = localhost\ntls_www_server\nexpiration_days = 2' ||
		bail "no certificates: $(cat "$work"/*.log)"
	mkdir -p $site "$work/nginx"
	chmod 755 "$work"
	cat >"$work/nginx.conf" <<-END
		daemon off;
		master_process off;
		user root;
		pid $work/nginx/pid;
		error_log $work/nginx/error.log;
		events { }
		http {
			access_log $work/nginx/access.log;
			client_body_temp_path $work/nginx/body;
			proxy_temp_path $work/nginx/proxy;
			fastcgi_temp_path $work/nginx/fastcgi;
			uwsgi_temp_path $work/nginx/uwsgi;
			scgi_temp_path $work/nginx/scgi;
			ssl_certificate_key $work/server.key;
			ssl_certificate $work/server.pem;
			server { listen 127.0.0.1:8443 ssl; root $site; }
			server { listen 127.0.0.1:8444 ssl; root $site;
				ssl_certificate_key $work/other.key; ssl_certificate $work/other.pem; }
		}
	END
	nginx -q -c "$work/nginx.conf" 2>"$work/nginx/start.log" &
	server=$!
	within 60 eval '(: <>/dev/tcp/127.0.0.1/8443) 2>/dev/null' || bail "nginx: $(<"$work/nginx/start.log")"
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
kill $server
finish
