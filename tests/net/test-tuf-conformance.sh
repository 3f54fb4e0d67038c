#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 400
#
# tuf-client against a repository by another author that breaks every rule in turn: tests/net/tuf/run.py.
PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 tests/net/tuf/run.py "$BUILD/tuf-client"
