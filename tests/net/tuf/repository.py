# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TUF repository that may be made wrong in any way, and the web server that serves it.

Keys, signatures and the canonical form are Debian's securesystemslib's, so that nothing of
fwslot judges itself. A Repository's parts are plain dictionaries: a case changes them, publishes,
and changes the published bytes where that is what it is about.
"""
import copy
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

from securesystemslib import formats, keys

TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
DAY = 24 * 3600


def date(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * DAY))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def generate(kind="ed25519"):
    made = {"ed25519": keys.generate_ed25519_key, "ecdsa": keys.generate_ecdsa_key,
            "rsa": lambda: keys.generate_rsa_key(2048),
            "rsa-pkcs1v15": lambda: keys.generate_rsa_key(2048, "rsa-pkcs1v15-sha256")}
    return made[kind]()


def public(key):
    return {"keytype": key["keytype"], "scheme": key["scheme"], "keyval": {"public": key["keyval"]["public"]}}


def canonical(part):
    return formats.encode_canonical(part).encode()


class Repository:
    def __init__(self, kind="ed25519"):
        self.files = {}  # below metadata/
        self.targets = {}  # below targets/
        self.asked = []
        self.has_digests = False  # in timestamp and snapshot
        self.is_consistent = True
        self.part = {}
        self.signers = {}
        self.published = {}  # role -> (version, bytes) of the last
        root = self.part["root"] = self.new_part("root")
        root.update(consistent_snapshot=True, keys={}, roles={})
        for role in TOP_LEVEL:
            if role != "root":
                self.part[role] = self.new_part(role)
            root["roles"][role] = {"keyids": [], "threshold": 1}
            self.add_key(role, generate(kind))
        self.part["targets"]["targets"] = {}
        self.publish(*TOP_LEVEL)

    @staticmethod
    def new_part(kind):
        return {"_type": kind, "spec_version": "1.0.34", "version": 1, "expires": date(30)}

    def holder(self, role):
        """The keys and the entry by which a role is verified."""
        if role in TOP_LEVEL:
            return self.part["root"]["keys"], self.part["root"]["roles"][role]
        for part in self.part.values():
            for entry in part.get("delegations", {}).get("roles", []):
                if entry["name"] == role:
                    return part["delegations"]["keys"], entry
        raise KeyError(role)

    def add_key(self, role, key=None, signs=True):
        key = key or generate()
        ring, entry = self.holder(role)
        ring[key["keyid"]] = public(key)
        entry["keyids"].append(key["keyid"])
        if signs:
            self.signers.setdefault(role, []).append(key)
        return key

    def set_keys(self, role, listed, threshold, signing):
        _, entry = self.holder(role)
        entry["keyids"], self.signers[role] = [], []
        for key in listed:
            self.add_key(role, key, signs=False)
        self.signers[role] = list(signing)
        entry["threshold"] = threshold

    def rotate(self, role):
        self.set_keys(role, new := [generate()], 1, new)

    def delegate(self, delegator, name, paths=("*",), terminating=False, **more):
        """A delegation to a role, which is made if there is none of that name; its key signs it."""
        inside = self.part[delegator].setdefault("delegations", {"keys": {}, "roles": []})
        entry = {"name": name, "keyids": [], "threshold": 1, "terminating": terminating}
        entry.update(more or {"paths": list(paths)})
        inside["roles"].append(entry)
        if name not in self.part:
            self.part[name] = self.new_part("targets")
            self.part[name]["targets"] = {}
            self.signers[name] = [generate()]
        for key in self.signers[name]:
            inside["keys"][key["keyid"]] = public(key)
            entry["keyids"].append(key["keyid"])

    def add_target(self, role, path, content, algorithms=("sha256",)):
        hashes = {name: hashlib.new(name, content).hexdigest() for name in algorithms}
        self.part[role]["targets"][path] = {"length": len(content), "hashes": hashes}
        where, slash, name = path.rpartition("/")
        for digest in hashes.values():
            self.targets[f"{where}{slash}{digest}.{name}"] = content
        self.targets[path] = content

    def file_name(self, role, version):
        quoted = urllib.parse.quote(role, "")
        if role != "root" and (role == "timestamp" or not self.is_consistent):
            return f"{quoted}.json"
        return f"{version}.{quoted}.json"

    def reference(self, role):
        version, data = self.published[role]
        entry = {"version": version}
        if self.has_digests:
            entry.update(length=len(data), hashes={"sha256": sha256(data)})
        return entry

    def link(self, role):
        """What snapshot and timestamp say of the others."""
        if role == "snapshot":
            self.part[role]["meta"] = {f"{name}.json": self.reference(name) for name in self.published
                                       if name in self.part and self.part[name]["_type"] == "targets"}
        elif role == "timestamp":
            self.part[role]["meta"] = {"snapshot.json": self.reference("snapshot")}

    def document(self, role, part=None, signing=None):
        part = part or self.part[role]
        data = canonical(part)
        signatures = [{"keyid": key["keyid"], "sig": keys.create_signature(key, data)["sig"]}
                      for key in (self.signers[role] if signing is None else signing)]
        return {"signatures": signatures, "signed": part}

    def publish(self, *roles, bump=True, link=True):
        if "targets" in roles and "snapshot" in roles:  # in the order in which they name each other
            roles = sorted(roles, key=lambda role: {"snapshot": 2, "timestamp": 3, "root": 4}.get(role, 1))
        for role in roles:
            if bump and role in self.published:
                self.part[role]["version"] += 1
            if link:
                self.link(role)
            self.put(role, json.dumps(self.document(role), indent=1).encode())

    def put(self, role, data, version=None):
        version = version or self.part[role]["version"]
        self.published[role] = (version, data)
        self.files[self.file_name(role, version)] = data

    def change(self, role, edit):
        """Edits the published document as it lies there, signatures included."""
        version, data = self.published[role]
        document = json.loads(data)
        edit(document)
        self.put(role, json.dumps(document).encode(), version)

    def publish_all(self, *more, **options):
        self.publish("targets", *more, "snapshot", "timestamp", **options)

    def keep(self):
        """All that is served now, to be served again later."""
        return copy.deepcopy((self.files, self.targets))

    def requests(self):
        """What was asked for since the last call."""
        asked, self.asked = self.asked, []
        return asked


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        repository = self.server.repository
        _, place, name = self.path.split("/", 2)
        repository.asked.append(name if place == "metadata" else f"{place}/{name}")
        table = repository.files if place == "metadata" else repository.targets
        data = table.get(name if place == "metadata" else urllib.parse.unquote(name))
        status = 200
        if isinstance(data, int):  # a status in the place of a file
            data, status = None, data
        if data is None:
            self.send_error(404 if status == 200 else status)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_HEAD(self):
        self.server.repository.asked.append("HEAD " + self.path)
        self.send_error(405)

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
