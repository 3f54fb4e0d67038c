# SPDX-License-Identifier: LGPL-2.1-or-later
"""The order of a refresh: what is asked for, in which versions, at which time, and what is kept."""
import json
import os
import shutil

from client import ALL_ONE, FIRST, accepts, case, refuses, same
from repository import date, generate


# ---- the workflow when all is well

@case()
def a_first_refresh_asks_for_each_role_once_and_keeps_it(repo, client):
    accepts(client)
    same(repo.requests(), FIRST)
    for role in ALL_ONE:
        same(client.read(role), repo.published[role][1])
    accepts(client, "a second one")
    same(repo.requests(), FIRST[:2])


@case()
def a_download_refreshes_first(repo, client):
    assert not client.download("no such file"), "a file that nobody lists"
    same(repo.requests(), FIRST)
    same(client.trusted(), ALL_ONE)


@case()
def the_bytes_are_kept_as_they_came(repo, client):
    repo.put("timestamp", repo.published["timestamp"][1] + b"  \n")
    accepts(client)
    same(client.read("timestamp"), repo.published["timestamp"][1])


@case()
def unknown_fields_are_part_of_what_is_signed(repo, client):
    key = generate()
    root = repo.part["root"]
    root["roles"]["root"]["x-other"] = "value"
    root["x-custom"] = {"a": [1, None, True], "\u00e9\U0001f600": "\n\"\\"}
    repo.add_key("snapshot", key)
    root["keys"][key["keyid"]].update({"x-extra": {"a": 1}, "keyid_hash_algorithms": ["md5"]})
    repo.publish("root", "snapshot", "timestamp")
    repo.signers["snapshot"] = [key]
    repo.publish("snapshot", "timestamp")
    accepts(client)
    same(client.trusted(), {"root": 2, "timestamp": 3, "snapshot": 3, "targets": 1})


@case(*[(version, version, good) for version, good in (("1.0", True), ("1.0.31", True), ("1.2.3", True), ("2.0.0", False),
                                                     ("1", False), ("1.0.0.0", False), ("10.0", False))])
def spec_version(repo, client, version, good):
    repo.part["timestamp"]["spec_version"] = version
    repo.publish("timestamp")
    same(client.refresh(), good)


# ---- the first root

@case()
def a_first_root_without_a_version_means_no_request(repo, client):
    client.init(repo.files["1.root.json"].replace(b'"version": 1', b'"versiom": 1'))
    shutil.rmtree(client.metadata)
    os.mkdir(client.metadata)
    with open(f"{client.metadata}/root.json", "wb") as file:
        file.write(repo.files["1.root.json"].replace(b'"version": 1', b'"versiom": 1'))
    refuses(client)
    same(repo.requests(), [])


@case()
def a_first_root_that_is_not_signed_means_no_request(repo, client):
    document = json.loads(repo.files["1.root.json"])
    document["signatures"][0]["sig"] = "00" * 64
    shutil.rmtree(client.metadata)
    os.mkdir(client.metadata)
    client.init(json.dumps(document).encode())
    refuses(client)
    same(repo.requests(), [])


@case()
def a_first_root_that_has_expired_may_be_replaced(repo, client):
    repo.part["root"]["expires"] = date(-1)
    repo.publish("root")
    repo.part["root"]["expires"] = date(30)
    repo.publish("root")
    shutil.rmtree(client.metadata)
    os.mkdir(client.metadata)
    assert client.init(repo.files["2.root.json"]), client.said
    accepts(client)
    same(client.trusted()["root"], 3)


# ---- versions

@case(("root", "root", {"root": 1}), ("snapshot", "snapshot", {"root": 1, "timestamp": 2}),
      ("targets", "targets", {"root": 1, "timestamp": 2, "snapshot": 2}))
def another_version_in_the_file_than_in_its_name(repo, client, role, trusted):
    name = repo.file_name(role, 2)
    if role != "root":
        repo.publish_all()
    repo.part[role]["version"] = 3
    repo.files[name] = json.dumps(repo.document(role)).encode()
    refuses(client)
    same(client.trusted(), trusted)


@case()
def the_same_version_of_the_timestamp_is_the_stored_one(repo, client):
    accepts(client)
    repo.part["timestamp"]["meta"]["snapshot.json"]["version"] = 100
    repo.publish("timestamp", bump=False, link=False)
    repo.requests()
    accepts(client)
    same(repo.requests(), FIRST[:2])
    same(client.trusted(), ALL_ONE)
    assert json.loads(client.read("timestamp"))["signed"]["meta"]["snapshot.json"]["version"] == 1


@case()
def an_older_timestamp(repo, client):
    old = repo.keep()
    repo.publish("timestamp")
    accepts(client)
    repo.files, repo.targets = old
    repo.requests()
    refuses(client)
    same(repo.requests()[-1], "timestamp.json")
    same(client.trusted()["timestamp"], 2)


@case(("by version", False), ("by digest", True))
def a_newer_timestamp_that_names_an_older_snapshot(repo, client, digests):
    repo.has_digests = digests
    repo.publish_all()
    accepts(client)
    repo.part["snapshot"]["version"] = 1
    repo.publish("snapshot", bump=False)
    repo.publish("timestamp")
    repo.requests()
    refuses(client)
    same(repo.requests()[-1], "timestamp.json")
    same(client.trusted(), {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2})


@case(("by version", False), ("by digest", True))
def a_newer_snapshot_that_names_older_targets(repo, client, digests):
    repo.has_digests = digests
    repo.publish_all()
    accepts(client)
    repo.part["targets"]["version"] = 1
    repo.publish("targets", bump=False)
    repo.publish("snapshot", "timestamp")
    refuses(client)
    trusted = client.trusted()
    same((trusted["snapshot"], trusted["targets"]), (2, 2))


@case()
def a_snapshot_that_drops_a_role(repo, client):
    repo.delegate("targets", "a")
    repo.publish_all("a")
    accepts(client)
    repo.link("snapshot")
    del repo.part["snapshot"]["meta"]["a.json"]
    repo.publish("snapshot", link=False)
    repo.publish("timestamp")
    refuses(client)
    same(client.trusted()["snapshot"], 2)


@case()
def a_snapshot_behind_its_timestamp_is_not_asked_for(repo, client):
    repo.publish("snapshot", "timestamp")
    accepts(client)
    repo.part["snapshot"]["version"] = 1
    repo.publish("snapshot", bump=False)
    repo.requests()
    accepts(client)
    same(repo.requests(), FIRST[:2])


@case(*[(role, role) for role in ("timestamp", "snapshot", "targets")])
def recovery_from_an_absurd_version_by_new_keys(repo, client, role):
    repo.part[role]["version"] = 99998
    repo.publish_all()
    accepts(client)
    same(client.trusted()[role], 99999)
    for name in ("snapshot", "timestamp") if role != "timestamp" else ("timestamp",):
        repo.rotate(name)
    repo.part[role]["version"] = 1
    repo.publish(role, bump=False)
    for name in ("snapshot", "timestamp"):
        if name != role:
            repo.publish(name)
    repo.link("timestamp")
    repo.publish("root")
    repo.publish("timestamp", bump=role != "timestamp")
    accepts(client)
    same(client.trusted()[role], 1)


@case(("snapshot", "snapshot", {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1}),
      ("targets", "targets", {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1}))
def a_missing_file_ends_the_refresh_and_the_next_repairs_it(repo, client, role, trusted):
    accepts(client)
    repo.publish_all()
    name = repo.file_name(role, 2)
    data = repo.files.pop(name)
    refuses(client)
    same(repo.requests()[-1], name)
    same(client.trusted(), trusted)
    repo.files[name] = data
    accepts(client, "the next refresh")


@case(("not there", None, True), ("forbidden", 403, True), ("a server's error", 500, False))
def the_next_root(repo, client, status, good):
    repo.files["2.root.json"] = status
    same(client.refresh(), good)


@case()
def no_timestamp(repo, client):
    accepts(client)
    del repo.files["timestamp.json"]
    refuses(client)
    same(repo.requests()[-1], "timestamp.json")


@case()
def digests_of_metadata_are_checked(repo, client):
    repo.has_digests = True
    repo.publish_all()
    accepts(client)
    repo.publish("targets")
    repo.link("snapshot")
    repo.part["snapshot"]["meta"]["targets.json"]["hashes"]["sha256"] = "00" * 32
    repo.publish("snapshot", link=False)
    repo.publish("timestamp")
    refuses(client)
    same((client.trusted()["snapshot"], client.trusted()["targets"]), (3, 2))


@case(("longer than listed", 1), ("shorter than listed", -1))
def metadata(repo, client, more):
    repo.has_digests = True
    repo.publish_all()
    data = repo.files["2.snapshot.json"]
    repo.files["2.snapshot.json"] = data + b" " if more > 0 else data[:-1]
    refuses(client)


# ---- time

@case()
def an_expired_root_is_kept_and_ends_the_refresh(repo, client):
    accepts(client)
    repo.part["root"]["expires"] = date(-1)
    repo.publish("root", "timestamp")
    refuses(client)
    same(client.trusted(), dict(ALL_ONE, root=2))


@case(("timestamp", "timestamp", 1), ("snapshot", "snapshot", 2), ("targets", "targets", 2))
def an_expired_role_is_not_kept(repo, client, role, timestamp):
    accepts(client)
    repo.part[role]["expires"] = date(-5)
    repo.publish_all()
    refuses(client)
    same((client.trusted()[role], client.trusted()["timestamp"]), (1, timestamp))


@case(*[(text, text) for text in ("2099-01-01T00:00:00.5Z", "2099-01-01T00:00:00+00:00", "2099-13-01T00:00:00Z",
                                  "2099-01-01 00:00:00Z", "2099-1-1T0:0:0Z", "")])
def a_date_that_is_none(repo, client, text):
    repo.part["timestamp"]["expires"] = text
    repo.publish("timestamp")
    refuses(client)


@case()
def what_is_stored_and_has_expired_still_counts_against_rollback(repo, client):
    repo.publish("timestamp")
    repo.part["timestamp"]["expires"] = date(7)
    repo.publish("timestamp")
    accepts(client)
    repo.part["timestamp"].update(version=2, expires=date(90))
    repo.publish("timestamp", bump=False)
    for role in ("root", "snapshot", "targets"):
        repo.part[role]["expires"] = date(90)
    repo.publish("root")
    refuses(client, days=18)
    same(client.trusted()["timestamp"], 3)


@case()
def what_is_stored_and_has_expired_is_replaced(repo, client):
    repo.part["timestamp"]["expires"] = date(7)
    repo.publish("timestamp")
    accepts(client)
    repo.part["timestamp"]["expires"] = date(21)
    repo.publish_all()
    accepts(client, days=18)
    same(client.trusted(), {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2})


@case()
def time_is_asked_of_the_clock(repo, client):
    accepts(client)
    refuses(client, days=40)


# ---- what is stored

@case(("timestamp", "timestamp"), ("snapshot", "snapshot"), ("targets", "targets"))
def a_damaged_file_in_the_store_is_fetched_again(repo, client, role):
    accepts(client)
    with open(f"{client.metadata}/{role}.json", "wb") as file:
        file.write(b"{ no json")
    accepts(client)
    same(client.read(role), repo.published[role][1])


# ---- bytes that are no metadata

BYTES = {"nothing": b"", "no JSON": b"<html>", "a list": b"[]", "a number": b"1", "half": None, "no UTF-8": b'{"\xff": 1}',
         "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000, "two of a key": b'{"signed":{},"signed":{},"signatures":[]}',
         "more after the end": None, "no signatures": b'{"signed":{}}', "a fraction": b'{"signed":{"version":1.5},"signatures":[]}'}


@case(*[(name, name) for name in BYTES])
def a_timestamp_that_is(repo, client, name):
    good = repo.files["timestamp.json"]
    bad = BYTES[name]
    if name == "half":
        bad = good[:len(good) // 2]
    elif name == "more after the end":
        bad = good + b"{}"
    repo.files["timestamp.json"] = bad
    refuses(client)
    same(client.trusted(), {"root": 1})
    repo.files["timestamp.json"] = good
    accepts(client, "the next refresh")


@case(("root", "2.root.json", 512000), ("timestamp", "timestamp.json", 16384), ("snapshot", "1.snapshot.json", 2000000),
      ("targets", "1.targets.json", 5000000))
def more_bytes_than_ever_needed_for(repo, client, name, limit):
    repo.files[name] = repo.files.get(name, b"{}") + b" " * limit
    refuses(client)


@case()
def a_timestamp_that_names_other_files(repo, client):
    repo.part["timestamp"]["meta"] = {"targets.json": {"version": 1}}
    repo.publish("timestamp", link=False)
    refuses(client)


@case(("0", 0), ("-1", -1), ("2^53 + 1", 2 ** 53 + 1), ("2^64", 2 ** 64))
def a_version_of(repo, client, version):
    repo.part["timestamp"]["version"] = version
    repo.put("timestamp", json.dumps(repo.document("timestamp")).encode())
    refuses(client)
