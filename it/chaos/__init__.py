# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Faults under load, each with its books: ``./dev test chaos``."""
