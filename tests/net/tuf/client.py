# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client under test as a program, and what a case is.

A case is a function of a fresh repository and a client that trusts its first root; it asserts.
The program is told what to do as the public conformance suite tells it: tests/tools/tuf-client.c.
"""
import json
import os
import subprocess
import tempfile

CASES = []


def case(*rows, name=None):
    """Registers a function once, or once for each row of further arguments; a row begins with its name."""
    def register(function):
        title = name or function.__name__.replace("_", " ")
        for row in rows or [None]:
            CASES.append((title if row is None else f"{title}: {row[0]}", function, row[1:] if row else ()))
        return function
    return register


class Client:
    def __init__(self, program, server):
        self.program, self.server = program, server
        self.folder = tempfile.mkdtemp()
        self.metadata, self.out = f"{self.folder}/metadata", f"{self.folder}/out"
        os.mkdir(self.metadata)
        os.mkdir(self.out)
        self.said = ""

    def run(self, *arguments, days=0):
        command = [self.program, "--metadata-dir", self.metadata, *arguments]
        if days:
            command = ["faketime", "-f", f"+{days}d", *command]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        self.said = done.stdout.decode(errors="replace").strip()
        assert done.returncode in (0, 1), f"it ended with {done.returncode}: {self.said}"
        return done.returncode == 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def init(self, root):
        path = f"{self.folder}/root.json"
        with open(path, "wb") as file:
            file.write(root)
        return self.run("init", path)

    def refresh(self, days=0):
        return self.run("--metadata-url", f"{self.url}/metadata/", "refresh", days=days)

    def download(self, *paths):
        names = [word for path in paths for word in ("--target-name", path)]
        return self.run("--metadata-url", f"{self.url}/metadata/", *names, "--target-dir", self.out,
                        "--target-base-url", f"{self.url}/targets/", "download")

    def trusted(self):
        """Versions of all that is trusted, by file name."""
        found = {}
        for name in os.listdir(self.metadata):
            assert name.endswith(".json"), f"{name} lies among the metadata"
            found[name[:-len(".json")]] = json.loads(self.read(name[:-len(".json")]))["signed"]["version"]
        return found

    def read(self, role):
        with open(f"{self.metadata}/{role}.json", "rb") as file:
            return file.read()

    def delivered(self):
        found = []
        for where, _, names in os.walk(self.out):
            for name in names:
                with open(os.path.join(where, name), "rb") as file:
                    found.append(file.read())
        return sorted(found)


def accepts(client, what="a refresh", **options):
    assert client.refresh(**options), f"{what} is refused: {client.said}"


def refuses(client, what="a refresh", **options):
    assert not client.refresh(**options), f"{what} is accepted"


def same(got, expected):
    assert got == expected, f"got {got}, expected {expected}"


FIRST = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
ALL_ONE = {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}
