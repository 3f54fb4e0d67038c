# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A verified download over HTTPS from nginx on this machine: fwslot-fetch with a client
# that hashes while the bytes arrive, against "curl -o FILE" and then "sha256sum FILE".
# The two take turns. Prints lines "who what number" for table.awk: medians of the wall
# and processor times, and the service's peak memory for a small and for a large file.
. tests/net/bed.sh
mebibytes=${FETCH_MEBIBYTES:-64} rounds=${FETCH_ROUNDS:-9}
make_certificates
start_nginx
head -c 1048576 /dev/urandom >"$work/files/small"
head -c $((mebibytes * 1048576)) /dev/urandom >"$work/files/large"
expected=$(sha256sum <"$work/files/large" | cut -d' ' -f1)
ours=("$client" --program "$program" --trust ca --ca "$work/ca.pem" --verbose)

run_floor() {
	curl --silent --fail --cacert "$work/ca.pem" -o "$work/out" "$https/large" &&
		sha256sum "$work/out"
}

run_fwslotd() {
	"${ours[@]}" --sha256 "$https/large" "$work/out"
}

# timed WHO: runs it once and appends its wall and processor milliseconds to $work/WHO.
timed() {
	local TIMEFORMAT='%R %U %S' said
	rm -f "$work/out"
	{ time said=$("run_$1"); } 2>"$work/time"
	[[ $said == *$expected* ]] || bail "$1 does not bring the file: $said"
	awk '{ printf "%d %d\n", $1 * 1000, ($2 + $3) * 1000 }' "$work/time" >>"$work/$1"
}

median() { # FILE COLUMN
	sort -n -k "$2,$2" "$1" | awk -v column="$2" '{ value[NR] = $column } END { print value[int((NR + 1) / 2)] }'
}

timed floor # both once for the caches, not counted
timed fwslotd
rm "$work/floor" "$work/fwslotd"
for ((round = 0; round < rounds; round++)); do
	timed floor
	timed fwslotd
done
for who in floor fwslotd; do
	echo "$who fetch_ms $(median "$work/$who" 1)"
	echo "$who fetch_cpu_ms $(median "$work/$who" 2)"
done

peak() { # FILE
	"${ours[@]}" "$https/$1" "$work/out" | sed -n 's/^service-peak-kib=//p'
}
echo "floor fetch_peak_kib $(peak small)"
echo "fwslotd fetch_peak_kib $(peak large)"
