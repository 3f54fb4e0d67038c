# SPDX-License-Identifier: LGPL-2.1-or-later
# The table of reason words as part of a manual page: word, D-Bus error, sentence.
/\[REASON_[A-Z_]*\] = \{/ { row = ""; in_row = 1 }
in_row {
	row = row " " $0
	if ($0 !~ /\},?$/) next
	in_row = 0
	split(row, part, "\"")
	if (part[2] == "ok") next
	gsub(/-/, "\\-", part[2]); gsub(/-/, "\\-", part[6])
	print ".TP"; print ".BR " part[2] " \" (" part[4] ")\""; print part[6]
}
