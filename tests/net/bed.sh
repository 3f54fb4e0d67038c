# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bed.sh: sourced by the suites of this folder.  Real servers on 127.0.0.1 for
# fwslot-fetch to fetch from: nginx with TLS, and tools/bad-server for what nginx cannot
# be made to do.  Certificates are made for each run.  Everything lives in $work and
# ends with the suite.
. tests/tap.sh
. tests/web.sh

work=$(mktemp -d)
chmod 755 "$work"
children=()
clean_up() {
	[ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

export program=$BUILD/fwslot-fetch
client=$BUILD/tools/fetch
bad_server=$BUILD/tools/bad-server
for file in "$program" "$client" "$bad_server"; do
	[ -x "$file" ] || bail "there is no $file: make programs tools"
done

# fetch ARGUMENT...: the client; what it says stays in $said, too.
fetch() {
	local status=0
	said=$(timeout 60 "$client" --program "$program" "$@" 2>&1) || status=$?
	echo "$said"
	return $status
}

# value KEY: the last value of KEY in what the client said.
value() {
	sed -n "s/^$1=//p" <<<"$said" | tail -n 1
}

# ends REASON WHAT ARGUMENT...: the fetch ends with that reason.
ends() {
	local reason=$1 what=$2
	shift 2
	fetch "$@" >/dev/null
	is "$(value reason)" "$reason" "$what" || note "$said"
}

same_file() { # GOT EXPECTED WHAT
	ok "$3" cmp "$1" "$2"
}

start_bad_server() {
	"$bad_server" "$work/bad-port" &
	children+=($!)
	within 60 test -s "$work/bad-port" || bail "bad-server does not start"
	bad=http://127.0.0.1:$(<"$work/bad-port")
	"$bad_server" --content 1048576 >"$work/content"
}

make_certificates() {
	certificate ca <<<$'cn = Test CA\nca\ncert_signing_key'
	certificate server ca <<<$'cn = localhost\ndns_name = localhost\nip_address = 127.0.0.1\ntls_www_server\nsigning_key'
	certificate other ca <<<$'cn = other.example\ndns_name = other.example\ntls_www_server\nsigning_key'
	certificate expired ca <<<$'cn = localhost\ndns_name = localhost\ntls_www_server\nsigning_key
activation_date="2020-01-01 00:00:00"\nexpiration_date="2020-02-01 00:00:00"'
	certificate future ca <<<$'cn = localhost\ndns_name = localhost\ntls_www_server\nsigning_key
activation_date="2090-01-01 00:00:00"\nexpiration_date="2091-01-01 00:00:00"'
	certificate self <<<$'cn = a box without a name\ntls_www_server\nsigning_key'
	certificate client ca <<<$'cn = machine 7\ntls_www_client\nsigning_key'
	certificate stranger <<<$'cn = a stranger\ntls_www_client\nsigning_key'
}

# pin NAME: the form of PINNED_KEY for NAME's certificate.
pin() {
	printf 'sha256//%s' "$(openssl x509 -in "$work/$1.pem" -pubkey -noout |
		openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)"
}

export https='' wrong_host='' expired='' future='' self='' asks='' demands=''
tls_server() { # NAME CERTIFICATE MORE
	free_port
	printf -v "$1" '%s' "https://localhost:$port"
	cat <<-END
		server {
			listen 127.0.0.1:$port ssl http2;
			ssl_certificate $work/$2.pem;
			ssl_certificate_key $work/$2.key;
			$3
		}
	END
}

# One nginx for all: $http, and with TLS $https $wrong_host $expired $future $self $asks
# (shows what client certificate it got) and $demands (wants one).
start_nginx() {
	local common="root $work/files; etag on;
		location /limited/ { alias $work/files/; limit_rate 400k; }
		location /no-ranges/ { alias $work/files/; max_ranges 0; }
		location /no-tags/ { alias $work/files/; etag off; }
		location = /protocol { return 200 \$server_protocol; }
		location = /forbidden { return 403; }
		location = /broken { return 500; }
		location = /log-in { return 401; }"
	mkdir -p "$work/files"
	free_port
	http=http://127.0.0.1:$port
	{
		echo "server { listen 127.0.0.1:$port; $common }"
		tls_server https server "$common location = /to-plain { return 302 $http/small; }
			location /gateway/ { proxy_pass ${bad:-$http}/; }"
		tls_server wrong_host other "$common"
		tls_server expired expired "$common"
		tls_server future future "$common"
		tls_server self self "$common"
		tls_server asks server "ssl_verify_client optional_no_ca;
			location / { return 200 '\$ssl_client_s_dn'; }"
		tls_server demands server "ssl_client_certificate $work/ca.pem; ssl_verify_client on;
			location /to-asks { return 302 $asks/; }
			location / { return 200 '\$ssl_client_s_dn'; }"
	} >"$work/servers"
	start_web "$port" <"$work/servers"
	children+=("$web")
}
