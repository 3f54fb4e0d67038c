#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tuf_site.py FOLDER IDS BITS: FOLDER/site/, a repository with an index for each of IDS hardware ids in
2^BITS bins (TAP 15), and one image, acme/m0000/1.1.bin; by the author of tests/net/tuf."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../net/tuf"))
from repository import Repository, generate, public, sha256  # noqa: E402


def put(folder, name, content):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def main(folder, ids, bits):
    repo, key = Repository(), generate()
    repo.has_digests = True
    repo.part["targets"]["delegations"] = {
        "keys": {key["keyid"]: public(key)},
        "succinct_roles": {"keyids": [key["keyid"]], "threshold": 1, "bit_length": bits, "name_prefix": "bin"}}
    bins = [f"bin-{number:0{(bits + 3) // 4}x}" for number in range(1 << bits)]
    for name in bins:
        repo.part[name] = repo.new_part("targets")
        repo.part[name]["targets"] = {}
        repo.signers[name] = [key]
    files = {}
    for number in range(ids):
        model = f"acme/m{number:04}"
        files[f"{model}/index.json"] = json.dumps({
            "format": 1, "hardware-id": model,
            "releases": [{"counter": 2, "version": "1.1", "slots": [{"path": f"{model}/1.1.bin"}]}]}).encode()
    files["acme/m0000/1.1.bin"] = os.urandom(65536)
    for path, content in files.items():
        repo.add_target(bins[int(sha256(path.encode())[:8], 16) >> (32 - bits)], path, content)
    repo.publish_all(*bins)
    for name, content in repo.files.items():
        put(folder, f"site/metadata/{name}", content)
    for path in ("acme/m0000/index.json", "acme/m0000/1.1.bin"):
        where, name = os.path.split(path)
        put(folder, f"site/targets/{where}/{sha256(files[path])}.{name}", files[path])
    for name in ("keys", "work/targets"):
        os.makedirs(os.path.join(folder, name))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
