# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Compares the contract of the netlink family with the code, by the rules of the kernel's genetlink-c schema.

  netlink-spec.py numbers SPEC        prints C that compiles if the header gives every number as the spec does
  netlink-spec.py policies SPEC CODE  prints what differs between the policies that follow from the spec and those of CODE
"""
import re
import sys

import yaml


def constant(*words):
    return "_".join(words).upper().replace("-", "_")


def name_of(entry):
    return entry["name"] if isinstance(entry, dict) else entry


def entries_of(definition):
    return [name_of(entry) for entry in definition["entries"]]


def numbers(spec):
    """Enumerations count from 0, attributes and commands from 1."""
    lists = []
    for definition in spec["definitions"]:
        lists.append((constant("fwslot", definition["name"]), 0, entries_of(definition)))
    for attribute_set in spec["attribute-sets"]:
        names = [attribute["name"] for attribute in attribute_set["attributes"]]
        lists.append((constant("fwslot", "a", attribute_set["name"]), 1, names))
    lists.append(("FWSLOT_CMD", 1, [operation["name"] for operation in spec["operations"]["list"]]))
    yield '#include "%s"' % spec["uapi-header"]
    for prefix, first, names in lists:
        for value, name in enumerate(names, first):
            yield '_Static_assert(%s == %d, "%s");' % (constant(prefix, name), value, name)
        yield '_Static_assert(%s == %d, "nothing more");' % (constant(prefix, "max"), first + len(names) - 1)
    yield '_Static_assert(sizeof(FWSLOT_FAMILY_NAME) == sizeof("%s"), "name");' % spec["name"]


def policies_of_spec(spec):
    """Command: the attributes of its requests with their policies, and the highest."""
    sets = {each["name"]: each["attributes"] for each in spec["attribute-sets"]}
    result = {}
    for operation in spec["operations"]["list"]:
        wanted = set()
        for way in ("do", "dump"):
            wanted |= set(operation.get(way, {}).get("request", {}).get("attributes", []))
        if not wanted:
            continue
        policy = {}
        for attribute in sets[operation["attribute-set"]]:
            if attribute["name"] not in wanted:
                continue
            kind = constant("nla", attribute["type"])
            limit = attribute.get("checks", {}).get("max")
            name = constant("fwslot", "a", operation["attribute-set"], attribute["name"])
            policy[name] = (kind, limit)
            highest = name
        result[constant("fwslot", "cmd", operation["name"])] = (policy, highest)
    return result


def policies_of_code(code, known):
    tables = {}
    for name, body in re.findall(r"struct nla_policy (\w+)\[\] = \{(.*?)\n\};", code, re.S):
        tables[name] = policy = {}
        for attribute, value in re.findall(r"\[(\w+)\] = (\{.*?\}|NLA_POLICY_\w+\(.*?\)),", body):
            limit = re.match(r"NLA_POLICY_MAX\((\w+), (.*)\)", value)
            if limit:
                for word, number in known.items():
                    value = limit.group(2).replace(word, number)
                policy[attribute] = (limit.group(1), eval(value, {}))
            else:
                policy[attribute] = (re.search(r"\.type = (\w+)", value).group(1), None)
    result = {}
    for command, table, highest in re.findall(r"\.cmd\s*= (\w+),\s*\.policy\s*= (\w+),\s*\.maxattr\s*= (\w+),", code):
        result[command] = (tables[table], highest)
    return result


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    if sys.argv[1] == "numbers":
        print("\n".join(numbers(spec)))
        return
    with open(sys.argv[3], encoding="utf-8") as file:
        code = file.read()
    with open("kmod/include/fwslot.h", encoding="utf-8") as file:
        known = dict(re.findall(r"#define (FWSLOT_SLOTS_MAX)\s+(\d+)", file.read()))
    if not known:
        sys.exit("kmod/include/fwslot.h does not say how many slots a device can have")
    theirs, ours = policies_of_spec(spec), policies_of_code(code, known)
    for command in sorted(set(theirs) | set(ours) | {"FWSLOT_CMD_DEV_GET"}):
        if theirs.get(command) != ours.get(command) or command not in theirs:
            print("%s: the spec says %s, the code %s" % (command, theirs.get(command), ours.get(command)))


main()
