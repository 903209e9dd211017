# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Stands in for the engine where only the Python side is measured: reads frames from recorders and counts, decodes nothing else.

Started as ``python -m harness.drain SOCKET``; answers each line on standard input with one of JSON: requests seen and dropped, as the
last frame of each recorder says, and bytes read.
"""

import contextlib
import itertools
import json
import marshal
import socket
import struct
import sys
import threading

BATCH, GOODBYE = 1, 2
WELCOME = marshal.dumps((16, 2), 2)
COUNTS = struct.Struct("<xixixi")
"""Three marshalled ints of 32 bits."""
HEAD = 10
"""Bytes of a frame's value up to the end of its kind: tuple, count, int."""

seen: dict[int, int] = {}
dropped: dict[int, int] = {}
read = 0


def follow(number: int, peer: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):
        _read(number, peer)


def _read(number: int, peer: socket.socket) -> None:
    global read
    peer.sendall(struct.pack(">I", len(WELCOME)) + WELCOME)
    stream = peer.makefile("rb", buffering=1 << 20)
    while len(prefix := stream.read(4)) == 4:
        frame = stream.read(int.from_bytes(prefix, "big"))
        read += len(frame) + 4
        kind = frame[6]
        if kind == BATCH:
            _, seen[number], dropped[number] = COUNTS.unpack_from(frame, HEAD)
        elif kind == GOODBYE:
            _, seen[number], dropped[number], *_ = marshal.loads(frame)  # an older revision says less


def accept(listener: socket.socket) -> None:
    for number in itertools.count():
        peer, _ = listener.accept()
        threading.Thread(target=follow, args=(number, peer), daemon=True).start()


def main(path: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seen": sum(seen.values()), "dropped": sum(dropped.values()), "bytes": read}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
