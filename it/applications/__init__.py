# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
