# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks with faults: soak, faults, collector. They run in the environment of ``it/``, with the same kit and from the wheel."""
