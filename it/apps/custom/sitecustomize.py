# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A user's own start-up hook, found on PYTHONPATH before attach."""

import os

with open(os.environ["CUSTOM_HOOK_RAN"], "a") as _file:
    _file.write(f"{os.getpid()}\n")
