# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The differential test: the same applications and requests through upstream's middleware and through ours, and what both exported."""
