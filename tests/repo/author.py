#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An independent author and reader of TUF repositories, over Debian's securesystemslib.

  author.py write FOLDER KIND IMAGE   a site for acme/dock 1.1 (counter 2), keys of KIND
  author.py verify FOLDER             reads site/ as a client would; prints what it offers

Shares no code with fwslot: keys, canonical form, signatures and hashes are securesystemslib's.
"""
import hashlib
import json
import os
import sys

from securesystemslib import formats, keys

GENERATE = {
    "ed25519": keys.generate_ed25519_key,
    "ecdsa": keys.generate_ecdsa_key,
    "rsa": lambda: keys.generate_rsa_key(3072),
}
EXPIRES = "2099-01-01T00:00:00Z"


def public(key):
    return {"keytype": key["keytype"], "scheme": key["scheme"], "keyval": {"public": key["keyval"]["public"]}}


def put(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def sign(folder, name, part, key):
    data = formats.encode_canonical(part).encode()
    signature = keys.create_signature(key, data)
    document = {"signatures": [{"keyid": key["keyid"], "sig": signature["sig"]}], "signed": part}
    text = json.dumps(document, indent=2).encode()
    put(folder, "site/metadata/" + name, text)
    return {"version": part["version"], "length": len(text), "hashes": {"sha512": hashlib.sha512(text).hexdigest()}}


def base(kind):
    return {"_type": kind, "spec_version": "1.0.31", "version": 1, "expires": EXPIRES, "x-comment": "\u00e9\U0001f600\n"}


def target(folder, path, content):
    sha256, sha512 = hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest()
    where, name = os.path.split(path)
    for digest in sha256, sha512:
        put(folder, f"site/targets/{where}/{digest}.{name}", content)
    return {"length": len(content), "hashes": {"sha256": sha256, "sha512": sha512}}


def write(folder, kind, image):
    role_keys = {role: GENERATE[kind]() for role in ("root", "targets", "snapshot", "timestamp", "acme")}
    with open(image, "rb") as file:
        content = file.read()
    index = {
        "format": 1,
        "hardware-id": "acme/dock",
        "releases": [{"counter": 2, "version": "1.1", "slots": [{"path": "acme/dock/1.1.bin"}]}],
    }
    vendor = base("targets")
    vendor["targets"] = {
        "acme/dock/1.1.bin": target(folder, "acme/dock/1.1.bin", content),
        "acme/dock/index.json": target(folder, "acme/dock/index.json", json.dumps(index).encode()),
    }
    targets = base("targets")
    targets["targets"] = {}
    targets["delegations"] = {
        "keys": {role_keys["acme"]["keyid"]: public(role_keys["acme"])},
        "roles": [{
            "name": "acme", "keyids": [role_keys["acme"]["keyid"]], "threshold": 1, "terminating": True,
            "paths": ["acme/*", "acme/*/*"],
        }],
    }
    root = base("root")
    root["consistent_snapshot"] = True
    root["keys"] = {role_keys[role]["keyid"]: public(role_keys[role]) for role in role_keys if role != "acme"}
    root["roles"] = {role: {"keyids": [role_keys[role]["keyid"]], "threshold": 1}
                     for role in ("root", "targets", "snapshot", "timestamp")}
    sign(folder, "1.root.json", root, role_keys["root"])
    snapshot = base("snapshot")
    snapshot["meta"] = {
        "acme.json": sign(folder, "1.acme.json", vendor, role_keys["acme"]),
        "targets.json": sign(folder, "1.targets.json", targets, role_keys["targets"]),
    }
    timestamp = base("timestamp")
    timestamp["meta"] = {"snapshot.json": sign(folder, "1.snapshot.json", snapshot, role_keys["snapshot"])}
    sign(folder, "timestamp.json", timestamp, role_keys["timestamp"])


def load(folder, name):
    with open(os.path.join(folder, "site/metadata", name), "rb") as file:
        return file.read()


def check(folder, name, keyring, role, reference=None):
    """The signed part of a file that enough of the role's keys have signed."""
    text = load(folder, name)
    if reference:
        assert len(text) == reference["length"], f"{name}: length"
        assert hashlib.sha256(text).hexdigest() == reference["hashes"]["sha256"], f"{name}: sha256"
    document = json.loads(text)
    data = formats.encode_canonical(document["signed"]).encode()
    valid = set()
    for signature in document["signatures"]:
        key = keyring.get(signature["keyid"])
        if key and signature["keyid"] in role["keyids"]:
            if keys.verify_signature(dict(key, keyid=signature["keyid"]), signature, data):
                valid.add(signature["keyid"])
    assert len(valid) >= role["threshold"], f"{name}: {len(valid)} valid signatures"
    if reference:
        assert document["signed"]["version"] == reference["version"], f"{name}: version"
    for keyid, key in keyring.items():
        assert hashlib.sha256(formats.encode_canonical(key).encode()).hexdigest() == keyid, f"{name}: key id {keyid}"
    return document["signed"]


def verify(folder):
    root = json.loads(load(folder, "1.root.json"))["signed"]
    ring, roles = root["keys"], root["roles"]
    check(folder, "1.root.json", ring, roles["root"])
    timestamp = check(folder, "timestamp.json", ring, roles["timestamp"])
    reference = timestamp["meta"]["snapshot.json"]
    snapshot = check(folder, f"{reference['version']}.snapshot.json", ring, roles["snapshot"], reference)["meta"]
    reference = snapshot["targets.json"]
    targets = check(folder, f"{reference['version']}.targets.json", ring, roles["targets"], reference)
    for role in targets["delegations"]["roles"]:
        reference = snapshot[role["name"] + ".json"]
        vendor = check(folder, f"{reference['version']}.{role['name']}.json", targets["delegations"]["keys"], role,
                       reference)
        for path, entry in sorted(vendor["targets"].items()):
            where, name = os.path.split(path)
            with open(os.path.join(folder, "site/targets", where, f"{entry['hashes']['sha256']}.{name}"), "rb") as file:
                content = file.read()
            assert len(content) == entry["length"], path
            assert hashlib.sha256(content).hexdigest() == entry["hashes"]["sha256"], path
            print(path, entry["length"], json.dumps(entry.get("custom", {}), sort_keys=True))


if sys.argv[1] == "write":
    write(*sys.argv[2:])
else:
    verify(*sys.argv[2:])
