# SPDX-License-Identifier: LGPL-2.1-or-later
#
# summary.awk: reads the results of all suites from tests/run, as many as the variable
# "expected" says; prints one line per suite, the lines that failed, and at the end
# "N passed, N failed".  Its input is TAP in sections: "@suite NAME" opens one,
# "@exit STATUS SECONDS" closes it.  A section that is missing, empty, not closed, ends
# badly or does not keep to its plan counts as one more failure: a suite cannot pass by
# not running.
#
# A suite with whole machines or real servers can fail because the other lane was busy.
# With the file "again" given, such a suite that failed is called "later". At most MAX_AGAIN
# of them are written there with what the others came to, and no sum is printed: tests/run
# shows them alone, and this program goes on from the file "before".  A suite that passes only then is called
# UNSTEADY, and is a defect to be mended all the same.

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
function close_suite(status, seconds,    line, seen, is_unsteady) {
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

	is_unsteady = failed && again != "" && suite ~ /^(vm|bed|bus|net)\//
	line = sprintf("  %-6s %-34s %4d passed", is_unsteady ? "later" : failed ? "FAIL" : "ok",
		       suite, passed)
	if (failed)
		line = line sprintf(", %d failed", failed)
	if (skipped)
		line = line sprintf(", %d skipped", skipped)
	print line (seconds != "" ? "  (" seconds " s)" : "")
	if (is_unsteady)
		gsub(/    not ok /, "    failed ", detail)
	if (failed)
		printf "%s%s%s", detail, trouble, tail_of_errors()
	fflush()
	if (is_unsteady) {
		unsteady[++unsteady_count] = suite
		unsteady_passed[unsteady_count] = passed
		unsteady_failed[unsteady_count] = failed
		unsteady_skipped[unsteady_count] = skipped
	}
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

function leave_for_later(    i) {
	for (i = 1; i <= unsteady_count; i++) {
		print "suite", unsteady[i] > again
		total_passed -= unsteady_passed[i]
		total_failed -= unsteady_failed[i]
		total_skipped -= unsteady_skipped[i]
	}
	print "others", total_passed, total_failed, total_skipped > again
	close(again)
	exit 1
}

BEGIN {
	MAX_AGAIN = 3
	while (before != "" && (getline line < before) > 0) {
		split(line, word, " ")
		if (word[1] == "suite")
			failed_before[word[2]] = 1
		else {
			total_passed = word[2]
			total_failed = word[3]
			total_skipped = word[4]
		}
	}
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
	if (unsteady_count > 0 && unsteady_count <= MAX_AGAIN)
		leave_for_later()
	for (i = 1; i <= unsteady_count; i++)
		print "  FAIL   " unsteady[i] ": too many failed to be seen again"
	for (name in failed_before)
		print "  UNSTEADY " name ": it failed beside another suite"
	printf "%d passed, %d failed", total_passed, total_failed
	print total_skipped ? ", " total_skipped " skipped" : ""
	exit total_failed > 0
}
