# SPDX-License-Identifier: LGPL-2.1-or-later
# One introspection file as part of a manual page: each member with its signature, and the comment above it.
function attribute(name) {
	if (!match($0, name "=\"[^\"]*\"")) return ""
	return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3)
}
function say(text) {
	gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text)
	sub(/^[ \t\n]+/, "", text); sub(/[ \t\n]+$/, "", text); gsub(/\n[ \t]+/, "\n", text)
	gsub(/\n\n+/, "\n.IP\n", text); gsub(/\n[.]([^I])/, "\n\\\\\\&.&", text)
	print text
}
# What a member is called, then what was said above it.
function member(heading) {
	print ".TP"; print heading
	say(comment == "" ? "See above." : comment)
	comment = ""
}
/<!--/ { in_comment = 1; comment = ""; sub(/.*<!-- */, "") }
in_comment {
	text = $0
	if (sub(/ *-->.*/, "", text)) in_comment = 0
	comment = comment "\n" text
	if (!in_comment && comment ~ /SPDX/) comment = ""
	next
}
/<interface / {
	print ".SH \"INTERFACE " attribute("name") "\""
	comment = ""
}
/^<node>/ { introduction = comment; comment = "" }
/<property / {
	if (!seen["property"]++) print ".SS Properties"
	member(".BR " attribute("name") " \" (" attribute("type") ")\"")
}
/<(method|signal) / {
	kind = $0 ~ /<method/ ? "Methods" : "Signals"
	name = attribute("name"); taken = given = ""
	if ($0 ~ /\/>/) { finish(); }
}
/<arg / {
	text = attribute("type") " " attribute("name")
	if (attribute("direction") == "out" ) given = given (given == "" ? "" : ", ") text
	else taken = taken (taken == "" ? "" : ", ") text
}
function finish() {
	if (!seen[kind]++) print ".SS " kind
	member(".BR " name " \"(" taken ")" (given == "" ? "" : " \\(-> (" given ")") "\"")
}
/<\/(method|signal)>/ { finish() }
