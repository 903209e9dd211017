# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A command for attach that is no server: prints, reads, exits as told."""

import os
import signal
import sys

print("out of the command")
print("err of the command", file=sys.stderr)
print("arguments", sys.argv[1:])
kind, value = sys.argv[1], int(sys.argv[2])
if kind == "code":
    sys.exit(value)
if kind == "signal":
    sys.stdout.flush()
    os.kill(os.getpid(), value)
    signal.pause()
if kind == "raise":
    raise RuntimeError("raised by the command")
