# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Helpers of the comparison in ``attach.py``: one file a process, plus the arithmetic and the tables."""
