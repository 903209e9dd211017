# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the application does by OpenTelemetry's API, noted for the engine. Imported where that API is used."""
