# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls every method of every object of org.fwslot1 with odd arguments, as whoever runs it.

The methods and their types are those that the daemon itself tells. The values are drawn from a fixed seed: what fails
once fails again. Prints each call that got no answer, and the number of calls at the end.
"""

import os
import random
import sys
import xml.etree.ElementTree as ElementTree

import dbus

SERVICE, ROOT = "org.fwslot1", "/org/fwslot1"
TIMES = 16
ANSWER_SECONDS = 60

TEXTS = ["", "sim0", "sim9", "x" * 5000, "../../etc/passwd", "%s%n%s", "a\nb", "\u202e\U0001f600", "-1", "acme",
         "1.1.0", "0", "/", "'; DROP TABLE jobs; --", "org.fwslot1.Manager", "State", "ask", "never"]
NUMBERS = [0, 1, 2, 7, 8, 32, 64, 127, 255]
LARGE = {"t": [2**63, 2**64 - 1], "x": [-2**63, 2**63 - 1], "u": [2**31, 2**32 - 1], "i": [-2**31, 2**31 - 1],
         "q": [2**16 - 1], "n": [-2**15], "y": []}


def descriptors():
    """Things that are no firmware: nothing, a folder, a pipe."""
    return [os.open("/dev/null", os.O_RDWR), os.open("/", os.O_RDONLY), os.pipe()[0]]


def draw(kind, files):
    if kind in LARGE:
        value = random.choice(NUMBERS + LARGE[kind])
        return {"t": dbus.UInt64, "x": dbus.Int64, "u": dbus.UInt32, "i": dbus.Int32, "q": dbus.UInt16,
                "n": dbus.Int16, "y": dbus.Byte}[kind](value)
    if kind == "b":
        return dbus.Boolean(random.random() < 0.5)
    if kind == "s":
        return dbus.String(random.choice(TEXTS))
    if kind == "o":
        return dbus.ObjectPath(random.choice([ROOT, "/", ROOT + "/device/sim0"]))
    if kind == "h":
        return dbus.types.UnixFd(random.choice(files))
    if kind == "a{sv}":
        count = random.choice([0, 0, 1, 3])
        return dbus.Dictionary({random.choice(TEXTS): random.choice(NUMBERS) for _ in range(count)}, signature="sv")
    if kind == "v":
        return dbus.String(random.choice(TEXTS), variant_level=1)
    raise SystemExit("odd-calls: no values for the type " + kind)


def objects(bus, path):
    """Each object below @path, with its methods: (interface, name, argument types)."""
    xml = bus.get_object(SERVICE, path, introspect=False).Introspect(
        dbus_interface="org.freedesktop.DBus.Introspectable")
    node = ElementTree.fromstring(str(xml))
    methods = [(interface.get("name"), method.get("name"),
                [a.get("type") for a in method.findall("arg") if a.get("direction", "in") == "in"])
               for interface in node.findall("interface") for method in interface.findall("method")]
    yield path, methods
    for child in node.findall("node"):
        yield from objects(bus, path.rstrip("/") + "/" + child.get("name"))


def main():
    bus = dbus.SystemBus()
    files = descriptors()
    calls = 0
    random.seed(1)
    for path, methods in list(objects(bus, ROOT)):
        target = bus.get_object(SERVICE, path, introspect=False)
        for interface, name, types in methods:
            for _ in range(TIMES if types else 1):
                arguments = [draw(kind, files) for kind in types]
                calls += 1
                try:
                    target.get_dbus_method(name, interface)(*arguments, signature="".join(types),
                                                            timeout=ANSWER_SECONDS)
                except dbus.DBusException as error:
                    if error.get_dbus_name() in ("org.freedesktop.DBus.Error.NoReply",
                                                 "org.freedesktop.DBus.Error.ServiceUnknown"):
                        print(f"{path} {interface}.{name}{arguments!r}: {error.get_dbus_name()}")
                        sys.exit(1)
    print(calls)


main()
