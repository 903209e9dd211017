# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m endurance.ill_sink``: a collector in a process of its own that falls ill on command.

Prints its port. Each line of standard input is a fault (``refuse``, ``fail 503``, ``hold``, ``reset``, ``slow 0.5``) or ``heal``; each is answered by
the spans received so far.
"""

from __future__ import annotations

import sys

from otlp_sink import Sink


def main() -> None:
    """Until the end of its input."""
    with Sink(keep=False) as sink:
        refuses = False
        print(sink.port, flush=True)
        for line in sys.stdin:
            command, *arguments = line.split()
            if command == "heal":
                sink.heal()
                if refuses:
                    sink.listen()
                refuses = False
            elif command == "refuse":
                sink.refuse()
                refuses = True
            elif command == "fail":
                sink.fail(int(arguments[0]))
            elif command == "hold":
                sink.hold()
            elif command == "reset":
                sink.reset()
            elif command == "slow":
                sink.slow(float(arguments[0]))
            print(sink.span_count, flush=True)


main()
