# SPDX-License-Identifier: LGPL-2.1-or-later
# The configuration file as manual page: sections, keys with their defaults, and the comments above them.
function say(text) { gsub(/-/, "\\-", text); print text }
BEGIN { print ".SH DESCRIPTION" }
/^# SPDX/ { next }
/^\[/ { print ".SH \"SECTION " $0 "\""; comment = ""; next }
/^#[A-Za-z]+=/ {
	key = substr($0, 2); sub(/=.*/, "", key)
	value = $0; sub(/^[^=]*=/, "", value)
	print ".TP"; print ".BR " key "= \" (" (value == "" ? "empty" : value) ")\""
	if (comment != "") say(comment)
	else print "As above."
	comment = ""
	next
}
/^#/ {
	line = $0; sub(/^# ?/, "", line)
	if (in_keys || line != "") comment = comment (comment == "" ? "" : "\n") line
	next
}
/^$/ { if (comment != "") { say(comment); comment = "" } }
