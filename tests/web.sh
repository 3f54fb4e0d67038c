# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# web.sh: sourced after tap.sh by suites that start servers on 127.0.0.1: ports, certificates made for
# the run, and a real nginx.  Everything lives in $work, which is the suite's.

# free_port: sets $port to one that nobody listens on.  They are below those that the
# kernel gives to clients, and none is given twice.
port=$((10000 + RANDOM % 10000))
free_port() {
	while :; do
		port=$((port + 1))
		answers "$port" || return 0
	done
}

answers() { # PORT
	(: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# certificate NAME [ISSUER] <<TEMPLATE: NAME.key and NAME.pem, signed by ISSUER or itself.
certificate() {
	local name=$1 issuer=${2:-} way=--generate-self-signed
	cat >"$work/$name.template"
	grep -q _date= "$work/$name.template" || echo 'expiration_days = 2' >>"$work/$name.template"
	certtool --generate-privkey --key-type=ecdsa --curve=secp256r1 \
		--outfile="$work/$name.key" >/dev/null 2>&1 || bail "certtool makes no key"
	[ -z "$issuer" ] || way="--generate-certificate --load-ca-privkey=$work/$issuer.key
		--load-ca-certificate=$work/$issuer.pem"
	# shellcheck disable=SC2086 # several words
	certtool $way --load-privkey="$work/$name.key" --template="$work/$name.template" \
		--outfile="$work/$name.pem" >"$work/$name.log" 2>&1 ||
		bail "certtool makes no certificate: $(<"$work/$name.log")"
}

# start_web PORT <<SERVERS: an nginx with these, one of which listens on PORT; $web is its process.
start_web() {
	mkdir -p "$work/nginx"
	{
		cat <<-END
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
		END
		cat
		echo '}'
	} >"$work/nginx.conf"
	nginx -q -c "$work/nginx.conf" 2>"$work/nginx/start.log" &
	# shellcheck disable=SC2034  # for the suites
	web=$!
	within 60 answers "$1" || bail "nginx does not start: $(<"$work/nginx/start.log")"
}
