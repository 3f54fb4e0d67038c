# SPDX-License-Identifier: LGPL-2.1-or-later
#
# table.awk: from lines "who what number" to a table with ratios; each promise is a row
# of BEGIN.  "parts" are those that were measured.  Status 1 when a promise is not kept or a
# figure of them is missing.

function part(name) {
	is_wanted = index(" " parts " ", " " name " ")
}

function row(what, text, kind, limit) {
	if (!is_wanted)
		return
	order[++rows] = what
	label[what] = text
	promise[what] = kind
	bound[what] = limit
}

BEGIN {
	part("bus")
	row("start_ms", "start to first reply, ms", "value", 12)
	row("start_cpu_ms", "  processor time, ms", "", 0)
	row("private_dirty_kib", "idle memory, private dirty, KiB", "value", 1.2 * 1024)
	row("pss_kib", "  PSS, KiB", "value", 5 * 1024)
	row("rss_kib", "  RSS, KiB", "", 0)
	row("read_us", "property read, us", "ratio", 1.25)
	part("recovery")
	row("recovery_ms", "kill -9 to a right picture, ms", "value", 100)
	part("fetch")
	row("fetch_ms", "download 64 MiB by HTTPS, verified, ms", "ratio", 1.25)
	row("fetch_cpu_ms", "  processor time, ms", "", 0)
	row("fetch_peak_kib", "  peak memory at 64 MiB over 1 MiB, KiB", "growth", 1024)
	part("tuf")
	row("tuf_requests", "cold refresh, 10,000 ids in 1,024 bins, requests", "value", 12)
	row("tuf_quiet_requests", "  with nothing new", "value", 1)
	row("tuf_added_kib", "  memory added, KiB", "value", 8192)
	row("tuf_cpu_us", "  processor time beside signatures and hashes alone, us", "ratio", 3)
	part("install")
	row("install_ms", "install 16 MiB, ms", "ratio", 1.5)
	row("install_cpu_ms", "  processor time, ms", "ratio", 1.5)
	row("peak_kib", "peak memory at 16 MiB over 1 MiB, KiB", "growth", 4096)
	part("providers")
	row("dfu_down_ms", "DFU, 1 MiB down, beside dfu-util, ms", "ratio", 1 / 0.95)
	row("dfu_up_ms", "DFU, 1 MiB up, beside dfu-util, ms", "ratio", 1 / 0.95)
	row("mtd_ms", "MTD, 8 MiB, beside flashcp, ms", "ratio", 1 / 0.8)
	row("smp_ms", "SMP, 64 KiB, beside its bytes at 115200 baud, ms", "ratio", 1 / 0.95)
	row("smp_bytes", "  bytes on the line, beside base64 alone", "", 0)
	row("many_ms", "64 devices at once, beside 32 times one, ms", "ratio", 1 / 0.9)
	row("vanish_ms", "  one of them vanishes: until the others end, ms", "ratio", 1.1)
}

{ figure[$1, $2] = $3 }

function verdict(what,    floor, value, kept) {
	floor = figure["floor", what]
	value = figure["fwslotd", what]
	if (promise[what] == "")
		return ""
	if (promise[what] == "ratio")
		kept = value <= bound[what] * floor
	else if (promise[what] == "growth")
		kept = value - floor <= bound[what]
	else
		kept = value <= bound[what]
	if (!kept)
		broken++
	return sprintf("%s %s %g", kept ? "kept:" : "NOT KEPT:", promise[what], bound[what])
}

END {
	printf "%-50s %10s %10s %8s\n", "median of one run", "floor", "fwslotd", "ratio"
	for (i = 1; i <= rows; i++) {
		what = order[i]
		if (!(("fwslotd", what) in figure) || !(("floor", what) in figure)) {
			printf "%-50s not measured\n", label[what]
			broken++
			continue
		}
		floor = figure["floor", what]
		ratio = floor > 0 ? sprintf("%.2f", figure["fwslotd", what] / floor) : "-"
		printf "%-50s %10s %10s %8s  %s\n", label[what], floor, figure["fwslotd", what],
			ratio, verdict(what)
	}
	exit broken > 0
}
