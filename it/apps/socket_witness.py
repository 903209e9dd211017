# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Notes, in the application's process, every call by which its recorder could have made a request wait for the engine.

Each socket that connects to the engine is looked at before each call: one that is not in non-blocking mode is a line in ``WITNESS_FILE``, as
is a poll or a sleep on the application's own thread. The last line says how many calls there were. ``WITNESS_LETS_BLOCK`` makes the sockets
blocking, so that a test shows that the witness would see it.
"""

import os
import select
import socket
import threading
import time

ENGINE = os.environ["SPANGARD_SOCKET"]
LETS_BLOCK = "WITNESS_LETS_BLOCK" in os.environ

_file = os.open(os.environ["WITNESS_FILE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
_calls = 0
_serves = True
_sleep = time.sleep
_poll = select.poll


def _waits(what):
    os.write(_file, f"waits: {what}\n".encode())


class _Socket(socket.socket):
    to_engine = False

    def _look(self, call):
        global _calls
        if self.to_engine:
            _calls += 1
            if LETS_BLOCK:
                self.setblocking(True)
            if self.gettimeout() != 0.0:
                _waits(f"{call} on a socket with timeout {self.gettimeout()}")

    def connect(self, address):
        self.to_engine = address == ENGINE
        self._look("connect")
        return super().connect(address)

    def send(self, *args):
        self._look("send")
        return super().send(*args)

    def sendall(self, *args):
        self._look("sendall")
        return super().sendall(*args)

    def recv(self, *args):
        self._look("recv")
        return super().recv(*args)


class _Poll:
    def __init__(self):
        self._poll = _poll()
        self.register = self._poll.register

    def poll(self, timeout=None):
        _look_at_thread(f"poll for {timeout} ms", timeout != 0)
        return self._poll.poll(timeout)


def _sleeps(seconds):
    _look_at_thread(f"sleep for {seconds} s", seconds > 0)
    _sleep(seconds)


def _look_at_thread(call, waits):
    if waits and _serves and threading.current_thread() is threading.main_thread():
        _waits(call)


def end():
    """The application ends: from now on its recorder may wait, since no request does."""
    global _serves
    _serves = False
    os.write(_file, f"calls: {_calls}\n".encode())


socket.socket = _Socket
select.poll = _Poll
time.sleep = _sleeps
