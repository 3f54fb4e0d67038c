# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may say what: signatures, thresholds, kinds of keys, and their rotation."""
import json
import os
import shutil

import repository
from client import accepts, case, refuses, same
from repository import generate


# ---- signatures

@case(("root", "root", {"root": 1}), ("timestamp", "timestamp", {"root": 2}),
      ("snapshot", "snapshot", {"root": 2, "timestamp": 2}),
      ("targets", "targets", {"root": 2, "timestamp": 2, "snapshot": 2}))
def a_role_that_is_not_signed_ends_the_refresh(repo, client, role, trusted):
    repo.signers[role] = []
    repo.publish("root", "targets", "snapshot", "timestamp")
    refuses(client)
    same(client.trusted(), trusted)


@case(*[(kind, kind) for kind in ("ed25519", "ecdsa", "rsa", "rsa-pkcs1v15")])
def key_kind(repo, client, kind):
    key = repo.add_key("root", generate(kind))
    repo.part["root"]["roles"]["root"]["threshold"] = 2
    repo.publish("root")
    accepts(client)
    same(client.trusted()["root"], 2)
    good = repo.document("root")["signatures"][-1]["sig"]
    repo.publish("root")
    # as that key signs, but something else
    repo.change("root", lambda document: [signature.update(sig=good) for signature in document["signatures"]
                                          if signature["keyid"] == key["keyid"]])
    refuses(client)
    same(client.trusted()["root"], 2)


@case(("plausible", "ab" * 64), ("empty", ""), ("no hexadecimal", "zz"), ("odd", "abc"), ("long", "ab" * 3000))
def an_invalid_signature_beside_enough_valid_ones_does_no_harm(repo, client, text):
    repo.add_key("timestamp")
    repo.publish("root", "timestamp")
    repo.change("timestamp", lambda document: document["signatures"][0].update(sig=text))
    accepts(client)
    same(client.trusted()["timestamp"], 2)


@case()
def signatures_by_strangers_do_no_harm(repo, client):
    repo.signers["timestamp"] += [generate(), generate()]
    repo.publish("timestamp")
    accepts(client)


@case()
def a_key_id_that_signs_twice_is_refused(repo, client):
    repo.change("snapshot", lambda document: document["signatures"].append(document["signatures"][0]))
    refuses(client)
    same(client.trusted(), {"root": 1, "timestamp": 1})


@case()
def one_key_under_many_ids_counts_once(repo, client):
    key = generate()
    ring, entry = repo.holder("snapshot")
    for number in range(5):
        ring[f"{number:064x}"] = dict(repository.public(key), **{"x-number": number})
        entry["keyids"].append(f"{number:064x}")
    entry["threshold"] = 2
    repo.signers["snapshot"] = [key]
    repo.publish("root", "snapshot", "timestamp")

    def repeat(document):
        signature = document["signatures"][0]["sig"]
        document["signatures"] = [{"keyid": f"{number:064x}", "sig": signature} for number in range(5)]
    repo.change("snapshot", repeat)
    refuses(client)
    assert "snapshot" not in client.trusted()


@case()
def a_key_listed_many_times_counts_once(repo, client):
    key = generate()
    for _ in range(9):
        repo.add_key("snapshot", key, signs=False)
    repo.part["root"]["roles"]["snapshot"]["threshold"] = 6
    repo.signers["snapshot"].append(key)
    repo.publish("root", "snapshot", "timestamp")
    refuses(client)
    assert "snapshot" not in client.trusted()


@case()
def fewer_keys_than_the_threshold_never_suffice(repo, client):
    for _ in range(4):
        repo.add_key("snapshot")
    repo.part["root"]["roles"]["snapshot"]["threshold"] = 6
    repo.publish("root", "snapshot", "timestamp")
    refuses(client)
    same(client.trusted(), {"root": 2, "timestamp": 2})


@case()
def fewer_signatures_than_the_threshold_do_not_suffice(repo, client):
    repo.add_key("snapshot")
    repo.add_key("snapshot")
    repo.part["root"]["roles"]["snapshot"]["threshold"] = 3
    repo.publish("root", "snapshot", "timestamp")
    accepts(client)
    repo.signers["snapshot"].pop()
    repo.publish_all()
    refuses(client)
    same(client.trusted()["snapshot"], 2)


@case()
def a_key_that_is_listed_and_not_given_does_not_count(repo, client):
    repo.add_key("snapshot", key := generate())
    del repo.part["root"]["keys"][key["keyid"]]
    repo.part["root"]["roles"]["snapshot"]["threshold"] = 2
    repo.publish("root", "snapshot", "timestamp")
    refuses(client)


@case(("zero", 0), ("negative", -1), ("a fraction", 1.5), ("a word", "1"), ("true", True))
def threshold(repo, client, value):
    if isinstance(value, float):
        repo.publish("root")
        repo.change("root", lambda document: document["signed"]["roles"]["timestamp"].update(threshold=value))
    else:
        repo.part["root"]["roles"]["timestamp"]["threshold"] = value
        repo.publish("root")
    refuses(client)
    same(client.trusted(), {"root": 1})


@case()
def a_snapshot_is_no_timestamp_even_signed_by_its_key(repo, client):
    repo.part["snapshot"]["meta"] = {"snapshot.json": {"version": 1}}
    document = repo.document("snapshot", signing=repo.signers["timestamp"])
    document["signed"]["version"] = 2
    document = repo.document("snapshot", document["signed"], repo.signers["timestamp"])
    repo.files["timestamp.json"] = json.dumps(document).encode()
    refuses(client)
    same(client.trusted(), {"root": 1})


# ---- rotation of keys: keys listed, threshold, keys that sign, for each root; the last row's fate

ROOTS = [
    ("one key replaced", [([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])], True),
    ("one key replaced, others sign too", [([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4]), ([2], 1, [3, 2, 4])], True),
    ("other three of five", [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 2, 3, 4], 3, [0, 4, 1]),
                             ([0, 1, 2, 3, 4], 3, [0, 1, 3])], True),
    ("one of five replaced", [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 1])], True),
    ("one of five replaced in two steps", [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]),
                                           ([0, 1, 3, 4, 5], 3, [0, 4, 5])], True),
    ("all of five replaced", [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
                              ([5, 6, 7, 8, 9], 3, [5, 6, 7])], True),
    ("a higher threshold", [([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])], True),
    ("a lower threshold", [([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1, 2]), ([1, 2, 3], 1, [1])], True),
    ("a key more", [([1], 1, [1]), ([1, 2], 2, [1, 2])], True),
    ("not signed by the old key", [([1], 1, [1]), ([2], 1, [2, 3, 4])], False),
    ("not signed by the new key", [([1], 1, [1]), ([2], 1, [1, 3, 4])], False),
    ("not by three of the new", [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4])], False),
    ("not by three of the old", [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])], False),
    ("not by the new threshold", [([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2])], False),
    ("not by the old threshold", [([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1])], False),
]


@case(*ROOTS)
def roots(repo, client, steps, good):
    made = [generate() for _ in range(10)]
    del repo.files["1.root.json"]
    repo.part["root"]["version"] = 0
    for listed, needed, signing in steps:
        repo.set_keys("root", [made[i] for i in listed], needed, [made[i] for i in signing])
        repo.publish("root")
    shutil.rmtree(client.metadata)
    os.mkdir(client.metadata)
    assert client.init(repo.files["1.root.json"]), client.said
    same(client.refresh(), good)
    last = len(steps) if good else len(steps) - 1
    same(client.read("root"), repo.files[f"{last}.root.json"])


OTHERS = [
    ("replaced", [2], 1, [2], True), ("strangers sign too", [1], 1, [3, 1, 4], True),
    ("not by the new key", [2], 1, [1, 3, 4], False), ("two of three and a stranger", [0, 1, 3, 4, 5], 3, [0, 2, 4], False),
    ("two of three", [0, 1, 3, 4, 5], 3, [0, 4], False), ("three of five", [0, 1, 2, 3, 4], 3, [0, 2, 4], True),
    ("another three of five", [0, 1, 2, 3, 4], 3, [2, 3, 4], True),
]


@case(*[(f"{role}, {row[0]}", role, *row[1:]) for role in ("timestamp", "snapshot", "targets") for row in OTHERS])
def new_keys_for(repo, client, role, listed, needed, signing, good):
    made = [generate() for _ in range(6)]
    repo.set_keys(role, [made[i] for i in listed], needed, [made[i] for i in signing])
    repo.publish("root", "targets", "snapshot", "timestamp")
    same(client.refresh(), good)
    same(client.trusted()["root"], 2)
    if good:
        same(client.read(role), repo.published[role][1])
