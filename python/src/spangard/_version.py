# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The one place that says which version this is; the wheel reads it from here."""

__version__ = "0.1.0"
