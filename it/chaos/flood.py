# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""``python -m chaos.flood SOCKET FRAMES``: a peer that says HELLO as a recorder does and then writes valid, empty batches as fast as it can.

Prints how many frames it wrote before it was done or cut off, and how many that were in a second.
"""

import marshal
import socket
import sys
import time

FRAMES_A_WRITE = 500
PROCESS = {
    "pid": 1,
    "instance": "flood",
    "runtime.name": "cpython",
    "runtime.version": "3.12",
    "runtime.description": "flood",
    "host.name": "flood",
    "host.arch": "x86_64",
    "command": "flood",
    "service": None,
    "version": "0",
    "tty": None,
}


def frame(*fields: object) -> bytes:
    """With its length, as docs/wire-protocol.md says."""
    data = marshal.dumps(fields, 2)
    return len(data).to_bytes(4, "big") + data


def main() -> None:
    """Until all is written or the engine has had enough."""
    path, frames = sys.argv[1], int(sys.argv[2])
    start = time.perf_counter()
    written = 0
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        try:
            peer.sendall(frame(0, 4, 4711, 0, 0, 0, None, PROCESS, {}))
            while written < frames:
                peer.sendall(b"".join(frame(1, written + n, 0, 0, None, 1, 1.0, []) for n in range(FRAMES_A_WRITE)))
                written += FRAMES_A_WRITE
        except OSError:
            pass
    print(written, round(written / (time.perf_counter() - start)))


if __name__ == "__main__":
    main()
