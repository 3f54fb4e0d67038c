#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every behaviour that is asked of a TUF client (specification 1.0.34, section 5), tried on a program.

  run.py PROGRAM [NAME...]    says TAP, a line a case; only cases in whose name is one of NAMEs
"""
import os
import shutil
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import repository
import signatures  # noqa: F401
import targets  # noqa: F401
import workflow  # noqa: F401
from client import CASES, Client


AT_ONCE = 4  # mostly they wait for each other's processes


def attempt(program, name, function, arguments):
    """What is wrong, or nothing."""
    server = repository.serve()
    server.repository = repository.Repository()
    client = Client(program, server)
    try:
        assert client.init(server.repository.files["1.root.json"]), f"init: {client.said}"
        function(server.repository, client, *arguments)
        return ""
    except Exception:  # pylint: disable=broad-except
        return f"{name}\n{traceback.format_exc()}\nthe client said: {client.said}"
    finally:
        shutil.rmtree(client.folder)
        server.shutdown()
        server.server_close()


def main():
    program = os.path.abspath(sys.argv[1])
    cases = [row for row in CASES if not sys.argv[2:] or any(word in row[0] for word in sys.argv[2:])]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, wrong in enumerate(pool.map(lambda row: attempt(program, *row), cases), 1):
            print(f"{'not ok' if wrong else 'ok'} {number} - {cases[number - 1][0]}")
            for line in wrong.splitlines():
                print(f"# {line}")
    print(f"1..{len(cases)}")


main()
