# SPDX-License-Identifier: LGPL-2.1-or-later
#
# summary.awk: reads the results of all suites from tests/run, as many as the variable
# "expected" says; prints one line per suite, the lines that failed, and at the end
# "N passed, N failed".  Its input is TAP in sections: "@suite NAME" opens one,
# "@exit STATUS SECONDS" closes it.  A section that is missing, empty, not closed, ends
# badly or does not keep to its plan counts as one more failure: a suite cannot pass by
# not running.

function open_suite(name) {
	close_suite("none", "")
	suite = name
	passed = failed = skipped = 0
	plan = -1
	bail = detail = trouble = ""
	is_failing = 0
}

function add_trouble(text) {
	trouble = trouble "    " text "\n"
	failed++
}

# status: "none" when the end was never seen.
function close_suite(status, seconds,    line, seen) {
	if (suite == "")
		return
	seen = passed + failed + skipped
	if (bail != "")
		add_trouble("bailed out: " bail)
	else if (status == "none")
		add_trouble("did not come to its end after " seen " results")
	else if (status == 124)
		add_trouble("did not end in time (" seconds " s, " seen " results)")
	else if (status == 98)
		add_trouble("the kernel log is not clean")
	else if (plan < 0)
		add_trouble("no plan (crashed after " seen " results, status " status ")")
	else if (plan != seen)
		add_trouble("planned " plan " results, gave " seen)
	else if (seen == 0)
		add_trouble("not one result")
	else if (status != 0 && failed == 0)
		add_trouble("every result passed but it ended with status " status)

	line = sprintf("  %-6s %-34s %4d passed", failed ? "FAIL" : "ok", suite, passed)
	if (failed)
		line = line sprintf(", %d failed", failed)
	if (skipped)
		line = line sprintf(", %d skipped", skipped)
	print line (seconds != "" ? "  (" seconds " s)" : "")
	if (failed)
		printf "%s%s%s", detail, trouble, tail_of_errors()
	fflush()
	total_passed += passed
	total_failed += failed
	total_skipped += skipped
	suites++
	suite = ""
	errors = 0
}

# What the suite wrote beside its results helps only when no result explains it.
function tail_of_errors(    i, text) {
	if (trouble == "")
		return ""
	for (i = errors > 40 ? errors - 40 : 0; i < errors; i++)
		text = text "    | " error[i] "\n"
	return text
}

/^@suite / { open_suite($2); next }
/^@exit / { close_suite($2, $3); next }
suite == "" { next }
/^ok [0-9]+.*# SKIP/ { skipped++; is_failing = 0; detail_skip = $0; next }
/^ok [0-9]+/ { passed++; is_failing = 0; next }
/^not ok [0-9]+/ { failed++; is_failing = 1; detail = detail "    " $0 "\n"; next }
/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; next }
/^Bail out!/ { bail = substr($0, 11); next }
is_failing && /^#/ { detail = detail "      " $0 "\n"; next }
/./ { error[errors++] = $0 }

END {
	close_suite("none", "")
	if (suites != expected) {
		print "  " suites + 0 " of " expected " suites were run"
		total_failed++
	}
	printf "%d passed, %d failed", total_passed, total_failed
	print total_skipped ? ", " total_skipped " skipped" : ""
	exit total_failed > 0
}
