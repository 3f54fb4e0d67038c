# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernel ABI documentation as manual page: the files, and what is said of them, as it is laid out there.
function literal(text) {
	gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text)
	if (text ~ /^[.']/) text = "\\&" text
	return text
}
/^What:/ {
	if (in_text) print ".EE"
	in_text = 0
	print was_what ? ".TQ" : ".TP"
	print ".B " literal($2)
	was_what = 1
	next
}
/^(Date|KernelVersion|Contact):/ { next }
/^Description:/ { print ".EX"; in_text = 1; was_what = 0; next }
in_text { sub(/^                /, ""); print literal($0) }
END { if (in_text) print ".EE" }
