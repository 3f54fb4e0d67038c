# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files, and the delegations by which they are found."""
import json
import os

import repository
from client import case, refuses, same
from repository import date, generate


# ---- targets

@case(("a name", "file.txt"), ("folders", "a/folder/file.txt"), ("a space", "a file"), ("signs", "a+b=c@d,e~f"))
def a_file_with(repo, client, path):
    repo.add_target("targets", path, b"content")
    repo.publish_all()
    assert client.download(path), client.said
    same(client.delivered(), [b"content"])


@case()
def several_files_and_one_that_is_not_listed(repo, client):
    repo.add_target("targets", "a", b"1")
    repo.add_target("targets", "b", b"2")
    repo.publish_all()
    assert client.download("a", "b"), client.said
    same(client.delivered(), [b"1", b"2"])
    assert not client.download("none"), "a file that nobody lists"


@case()
def files_that_a_server_replaces_are_not_delivered(repo, client):
    repo.add_target("targets", "a", b"good one")
    repo.add_target("targets", "b", b"good two")
    repo.publish_all()
    assert client.download("a"), client.said
    repo.targets = {name: b"evil one" for name in repo.targets}
    client.download("a")
    assert not client.download("b"), "another file's content"
    same(client.delivered(), [b"good one"])


@case()
def a_file_that_changes_is_delivered_anew(repo, client):
    for content in (b"one", b"two", b"three"):
        repo.add_target("targets", "a", content)
        repo.publish_all()
        assert client.download("a"), client.said
        same(client.delivered(), [content])


@case(("one byte more", b"content!"), ("one byte less", b"conten"), ("as long", b"Content"), ("nothing", b""))
def a_file_with_other_bytes(repo, client, content):
    repo.add_target("targets", "a", b"content")
    repo.publish_all()
    repo.targets = {name: content for name in repo.targets}
    assert not client.download("a"), "it is accepted"
    same(client.delivered(), [])


@case(("sha256", ["sha256"], True), ("sha512", ["sha512"], True), ("both", ["sha256", "sha512"], True),
      ("an unknown one", ["blake2s"], False), ("a known and an unknown one", ["sha256", "blake2s"], True))
def digests_of_files(repo, client, algorithms, good):
    repo.add_target("targets", "a", b"content", algorithms)
    repo.publish_all()
    same(client.download("a"), good)
    same(client.delivered(), [b"content"] if good else [])
    if good:
        same(len([name for name in repo.requests() if name.startswith("targets/")]), 1)


@case()
def one_wrong_digest_of_two_is_enough_to_refuse(repo, client):
    repo.add_target("targets", "a", b"content", ["sha256", "sha512"])
    repo.part["targets"]["targets"]["a"]["hashes"]["sha512"] = "00" * 64
    repo.publish_all()
    assert not client.download("a"), "it is accepted"


@case()
def a_repository_without_consistent_snapshots(repo, client):
    repo.is_consistent = False
    repo.part["root"]["consistent_snapshot"] = False
    repo.add_target("targets", "a", b"content")
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.download("a"), client.said
    same(repo.requests(), ["2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/a"])


# ---- delegations: delegator, role, terminating, paths

A, B = ("targets", "A"), ("targets", "B")
GRAPHS = [
    ("one", [A], "A"), ("two", [A, B], "A B"), ("two levels", [A, B, ("B", "C")], "A B C"),
    ("depth before breadth", [A, B, ("A", "C"), ("A", "D")], "A C D B"),
    ("three levels", [A, B, ("A", "C"), ("C", "D")], "A C D B"),
    ("terminating ends all above", [A, B, ("A", "C", True), ("A", "D")], "A C"),
    ("terminating goes on below", [A, B, ("A", "C", True), ("C", "D")], "A C D"),
    ("terminating elsewhere is nothing", [A, B, ("A", "C", True, ["*.py"]), ("A", "D")], "A D B"),
    ("paths that do not match", [("targets", "A", False, ["*.py"]), B, ("A", "C")], "B"),
    ("paths below that do not match", [A, B, ("A", "C", False, ["*.py"]), ("C", "D")], "A B"),
    ("a cycle", [A, B, ("B", "C"), ("C", "D"), ("D", "B")], "A B C D"),
    ("a role with two delegators", [A, B, ("B", "C"), ("A", "C")], "A C B"),
    ("the same by another path", [A, B, ("B", "C"), ("A", "C", False, ["*.py"])], "A B C"),
    ("itself", [A, ("A", "A")], "A"),
]


@case(*GRAPHS)
def a_search_through(repo, client, graph, order):
    for delegator, name, *more in graph:
        repo.delegate(delegator, name, terminating=bool(more and more[0]), paths=more[1] if len(more) > 1 else ("*",))
    repo.publish_all(*dict.fromkeys(name for _, name, *_ in graph))
    assert not client.download("missing"), "it is found"
    same([name.split(".")[1] for name in repo.requests()[4:]], order.split())


TREE = [("the top", "file", [], True), ("a pattern", "README.md", ["A"], True),
        ("folders", "r/x/v1", ["B", "C"], True), ("a pattern in a folder", "r/y/v1.zip", ["B", "D"], True),
        ("what no chain covers", "r/z/v1.zip", ["B"], False), ("a star is one segment", "r/x/y/v1", [], False)]


@case(*TREE)
def a_file_listed_below(repo, client, path, order, good):
    repo.delegate("targets", "A", ["*.doc", "*.md"])
    repo.delegate("targets", "B", ["r/*/*"])
    repo.delegate("B", "C", ["r/x/*"])
    repo.delegate("B", "D", ["r/y/*.zip"])
    for role, name in (("targets", "file"), ("A", "README.md"), ("C", "r/x/v1"), ("C", "r/x/y/v1"),
                       ("D", "r/y/v1.zip"), ("D", "r/z/v1.zip")):
        repo.add_target(role, name, name.encode())
    repo.publish_all("A", "B", "C", "D")
    same(client.download(path), good)
    same([name.split(".")[1] for name in repo.requests()[4:] if not name.startswith("targets/")], order)
    same(client.delivered(), [path.encode()] if good else [])


@case(*[(name, name) for name in ("?", "#", "/role", "../role", "a b", "%2e", "\u00e9", "a.b~c_d-e")])
def a_role_named(repo, client, name):
    repo.delegate("targets", name)
    repo.publish_all(name)
    assert not client.download("missing"), "it is found"
    same(repo.requests()[4:], [repo.file_name(name, 1)])
    same(len(client.trusted()), 5)
    same(sorted(os.listdir(client.folder)), ["metadata", "out", "root.json"])


@case(*[(name, name) for name in ("root", "timestamp", "snapshot", "targets")])
def no_delegation_to(repo, client, name):
    inside = {"keys": {}, "roles": [{"name": name, "keyids": [], "threshold": 1, "terminating": False, "paths": ["*"]}]}
    repo.part["targets"]["delegations"] = inside
    repo.publish_all()
    refuses(client)


@case()
def a_role_that_the_snapshot_does_not_list_is_not_asked_for(repo, client):
    repo.delegate("targets", "A")
    repo.publish_all("A")
    del repo.part["snapshot"]["meta"]["A.json"]
    repo.publish("snapshot", link=False)
    repo.publish("timestamp")
    assert not client.download("missing"), "it is found"
    assert not [name for name in repo.requests() if ".A.json" in name]


@case(("not there", lambda repo: repo.files.pop("1.A.json")),
      ("not signed", lambda repo: repo.change("A", lambda document: document.update(signatures=[]))),
      ("by another key", lambda repo: repo.put("A", json.dumps(repo.document("A", signing=[generate()])).encode())),
      ("of another version", lambda repo: repo.put("A", json.dumps(repo.document("A", dict(
          repo.part["A"], version=7))).encode(), 1)),
      ("expired", lambda repo: repo.put("A", json.dumps(repo.document("A", dict(
          repo.part["A"], expires=date(-1)))).encode())))
def a_delegated_role_that_is(repo, client, spoil):
    repo.delegate("targets", "A")
    repo.delegate("targets", "B")
    repo.add_target("A", "a", b"content")
    repo.add_target("B", "a", b"of another role")
    repo.publish_all("A", "B")
    spoil(repo)
    assert not client.download("a"), "it is accepted"
    same(client.delivered(), [])
    assert "A" not in client.trusted() and "B" not in client.trusted()


@case()
def a_stored_role_is_verified_by_its_present_delegator(repo, client):
    repo.delegate("targets", "A")
    repo.add_target("A", "a", b"content")
    repo.publish_all("A")
    assert client.download("a"), client.said
    # targets names other keys for the role, whose file stays as it was
    entry = repo.part["targets"]["delegations"]["roles"][0]
    entry["keyids"] = [(key := generate())["keyid"]]
    repo.part["targets"]["delegations"]["keys"] = {key["keyid"]: repository.public(key)}
    repo.publish_all()
    os.unlink(f"{client.out}/a")
    assert not client.download("a"), "a role that its delegator does not vouch for is accepted"
    same(client.delivered(), [])


@case()
def each_delegator_vouches_for_itself(repo, client):
    repo.delegate("targets", "A", ["a/*"])
    repo.delegate("targets", "B", ["b/*"])
    repo.delegate("A", "C")
    repo.part["A"]["delegations"]["roles"][0]["paths"] = ["a/*"]
    own, repo.signers["C"] = repo.signers["C"], [generate()]
    repo.delegate("B", "C", ["b/*"])  # with the wrong key
    repo.signers["C"] = own
    repo.add_target("C", "a/1", b"a")
    repo.add_target("C", "b/1", b"b")
    repo.publish_all("A", "B", "C")
    assert client.download("a/1"), client.said
    assert not client.download("b/1"), "a role that this delegator does not vouch for is accepted"
    assert not client.download("a/1", "b/1"), "nor in the same run"


@case(("as long as listed", 2, True), ("not the first", 62, False))
def hash_prefixes(repo, client, length, good):
    digest = repository.sha256(b"some/file")
    prefix = digest[:length] if good else "f" + digest[1:length] if digest[0] != "f" else "0" + digest[1:length]
    repo.delegate("targets", "A", path_hash_prefixes=[prefix])
    repo.add_target("A", "some/file", b"content")
    repo.publish_all("A")
    same(client.download("some/file"), good)


@case(("both", ["*"], [""]), ("neither", None, None))
def a_delegation_with_paths_and_prefixes(repo, client, paths, prefixes):
    repo.delegate("targets", "A")
    entry = repo.part["targets"]["delegations"]["roles"][0]
    del entry["paths"]
    if paths is not None:
        entry.update(paths=paths, path_hash_prefixes=prefixes)
    repo.publish_all("A")
    refuses(client)


@case(("1 bit", 1), ("4 bits", 4), ("5 bits", 5))
def succinct_bins(repo, client, bits):
    key = generate()
    repo.part["targets"]["delegations"] = {
        "keys": {key["keyid"]: repository.public(key)},
        "succinct_roles": {"keyids": [key["keyid"]], "threshold": 1, "bit_length": bits, "name_prefix": "bin"}}
    number = int(repository.sha256(b"some/file")[:8], 16) >> (32 - bits)
    name = f"bin-{number:0{(bits + 3) // 4}x}"
    repo.part[name] = repo.new_part("targets")
    repo.part[name]["targets"] = {}
    repo.signers[name] = [key]
    repo.add_target(name, "some/file", b"content")
    repo.publish_all(name)
    assert client.download("some/file"), client.said
    assert f"1.{name}.json" in repo.requests()


@case(("the last that may be", 32, True), ("one more", 33, False))
def so_many_delegations(repo, client, count, good):
    for number in range(count):
        repo.delegate("targets", f"r{number}")
    repo.add_target(f"r{count - 1}", "a", b"content")
    repo.publish_all(*[f"r{number}" for number in range(count)])
    same(client.download("a"), good)
