# SPDX-License-Identifier: LGPL-2.1-or-later
#
# sum.awk: adds up what gcov prints.  A line of a header is compiled into many objects, and
# is reached if one of them reached it.  Prints a line per room (what=tests) or per file
# that "parsers" names (what=fuzz); writes out ".files" and out ".unreached".
# Branches inside some macros are left out unless "all" is set: see has_foreign_branches().
# Ends with 1 when something is below its floor, in percent of the branches.

BEGIN {
	if (what == "tests")
		floors["daemon/engine"] = floors["daemon/trust"] = floors["daemon/store"] = 95
	count = split(parsers, names, " ")
	for (i = 1; i <= count; i++)
		is_parser[names[i]] = 1
}

# Macros of libraries that the compiler counts as branches of ours, of which some cannot be taken by anybody:
# an assertion that fails, an element that is missing although the loop's condition says that it is there.
function has_foreign_branches(text) {
	return text ~ /[^a-z_](assert|json_array_foreach|json_object_foreach)\(/
}

# "   count:  line:text"; a count of "-" is no code, "#####" code never run.
/^ *[-#=0-9*]+: *[0-9]+:/ {
	split($0, part, ":")
	gsub(/[ *]/, "", part[1])
	line = part[2] + 0
	if (line == 0) {
		if (part[3] == "Source")
			file = part[4]
		next
	}
	branch = 0
	place = file SUBSEP line
	if (part[1] == "-" || file !~ /^(daemon|kmod)\//)
		next
	lines[place] = file
	is_foreign[place] = has_foreign_branches($0)
	if (part[1] ~ /^[0-9]/)
		hit[place] = 1
	next
}

# "branch N taken M" or "branch N never executed"
/^branch / && file ~ /^(daemon|kmod)\// {
	if (is_foreign[place] && !all) {
		left_out[place SUBSEP $2] = 1
		next
	}
	at = place SUBSEP $2
	branches[at] = place
	if ($3 == "taken" && $4 + 0 > 0)
		taken[at] = 1
}

function percent(part, whole) {
	return whole ? sprintf("%5.1f %%", 100 * part / whole) : "      -"
}

function row(name) {
	return sprintf("%-36s %5d of %5d lines %s %6d of %5d branches %s", name,
		good_lines[name], all_lines[name], percent(good_lines[name], all_lines[name]),
		good_branches[name], all_branches[name], percent(good_branches[name], all_branches[name]))
}

function add_line(name, is_hit) {
	all_lines[name]++
	good_lines[name] += is_hit
}

function add_branch(name, is_taken) {
	all_branches[name]++
	good_branches[name] += is_taken
}

function room_of(name) {
	sub(/\/[^\/]*$/, "", name)
	return name
}

END {
	files = "sort >" out ".files"
	unreached = "sort -t: -k1,1 -k2,2n >" out ".unreached"
	for (place in lines) {
		add_line(lines[place], hit[place])
		add_line(room_of(lines[place]), hit[place])
	}
	for (at in branches) {
		split(at, part, SUBSEP)
		add_branch(part[1], taken[at])
		add_branch(room_of(part[1]), taken[at])
		if (!taken[at])
			print part[1] ":" part[2] " branch " part[3] | unreached
	}
	close(unreached)
	for (name in all_lines) {
		if (name ~ /\.[ch]$/)
			print row(name) | files
		if (what == "tests" ? name ~ /^daemon\/[^.]*$/ : name in is_parser)
			print row(name) | "sort"
		if (all_branches[name] && 100 * good_branches[name] < floors[name] * all_branches[name])
			below = below "coverage: " name " is below its " floors[name] " % of the branches\n"
	}
	close(files)
	close("sort")
	printf "%d branches inside macros of libraries are left out (ALL_BRANCHES=1 counts them)\n", length(left_out)
	printf "%s", below >"/dev/stderr"
	exit below != ""
}
