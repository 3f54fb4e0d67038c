# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Through a proxy (tinyproxy), which is as likely to fail as the server behind it.
. tests/net/bed.sh
make_certificates
start_nginx
echo small >"$work/files/small"
out=$work/out
ca=(--trust ca --ca "$work/ca.pem")

# start_proxy MORE: sets $proxy to its host:port.
start_proxy() {
	free_port
	printf '%s\n' "Port $port" 'Listen 127.0.0.1' 'Timeout 30' 'MaxClients 10' \
		"LogFile \"$work/proxy.log\"" "$1" >"$work/proxy-$port.conf"
	tinyproxy -d -c "$work/proxy-$port.conf" >/dev/null 2>&1 &
	children+=($!)
	within 60 answers "$port" || bail "tinyproxy does not start"
	proxy=127.0.0.1:$port
}

start_proxy ""
ends ok "plain HTTP" --proxy "http://$proxy" "$http/small" "$out"
same_file "$out" "$work/files/small" "gives the file"
ok "and went through the proxy" grep -q "GET $http/small" "$work/proxy.log"
ends ok "TLS" --proxy "http://$proxy" "${ca[@]}" "$https/small" "$out"
ok "is a tunnel through the proxy" grep -q "CONNECT ${https#https://}" "$work/proxy.log"
ends ok "several files through one tunnel" --proxy "http://$proxy" "${ca[@]}" "$https/small" "$out" \
	"$https/small" "$out"
is "$(grep -c "CONNECT ${https#https://}" "$work/proxy.log")" 2 "make one connection"
ends tls-failed "a wrong certificate behind the proxy" --proxy "http://$proxy" "$https/small" "$out"
ends not-found "404 behind the proxy" --proxy "http://$proxy" "$http/nothing" "$out"

start_proxy "ConnectPort 1"
ends proxy-failed "a proxy that refuses the tunnel" --proxy "http://$proxy" "${ca[@]}" "$https/small" "$out"

start_proxy "BasicAuth me sesame"
ends ok "a proxy with a password" --proxy "http://me:sesame@$proxy" "$http/small" "$out"
ends ok "a tunnel with a password" --proxy "http://me:sesame@$proxy" "${ca[@]}" "$https/small" "$out"
# tinyproxy answers 401 here, as if it were the server.
ends access-denied "the wrong password" --proxy "http://me:simsalabim@$proxy" "$http/small" "$out"
ends proxy-failed "a tunnel with the wrong password" --proxy "http://me:simsalabim@$proxy" "${ca[@]}" \
	"$https/small" "$out"
not_ok "which no message repeats" grep -q simsalabim <<<"$said"

free_port
ends proxy-failed "a proxy that is not there" --proxy "http://127.0.0.1:$port" "$http/small" "$out"
ends proxy-failed "a proxy whose name is not there" --proxy http://nothing.invalid:8080 "$http/small" "$out"
for url in 127.0.0.1:80 ftp://127.0.0.1:80 http://127.0.0.1 http://127.0.0.1:80/path "http://127.0.0.1:80?q" \
	"http://127.0.0.1:x"; do
	ends invalid-argument "the proxy \"$url\"" --proxy "$url" "$http/small" "$out"
done
finish
