# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the wheel that these tests run from ships beside our own code, and under which licences."""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

WHEEL = importlib.metadata.distribution("spangard")


def shipped(name: str) -> Path:
    """The one file of this name in the installed wheel."""
    (found,) = [file for file in WHEEL.files or () if file.name == name]
    return Path(str(found.locate()))


def jars() -> list[Path]:
    found = [Path(str(file.locate())) for file in WHEEL.files or () if file.suffix == ".jar"]
    assert len(found) > 20
    return found


def test_each_jar_of_others_is_named_with_its_licence() -> None:
    lines = shipped("THIRD-PARTY.txt").read_text().splitlines()
    listed = {}
    for line in lines:
        if line.strip().startswith("("):
            licence, _, rest = line.strip()[1:].partition(")")
            _, artifact, version = rest[rest.rindex("(") + 1 :].split(" - ")[0].split(":")
            listed[f"{artifact}-{version}.jar"] = licence
    others = {jar.name for jar in jars() if not jar.name.startswith("spangard-")}
    assert listed == dict.fromkeys(others, "Apache-2.0")


def test_the_licence_comes_along_and_the_metadata_names_both_files() -> None:
    assert shipped("LICENSE").read_text() == (Path(__file__).parent.parent / "LICENSE").read_text()
    assert WHEEL.metadata["License-Expression"] == "Apache-2.0 AND MPL-2.0"
    assert sorted(file.rpartition("/")[2] for file in WHEEL.metadata.get_all("License-File")) == [
        "LICENSE",
        "THIRD-PARTY.txt",
    ]


def test_parts_of_jars_that_are_under_a_licence_of_their_own_are_named() -> None:
    """As the MPL-2.0 has it, section 3.2: with the place of their source."""
    lines = [line.strip() for line in shipped("THIRD-PARTY.txt").read_text().splitlines()]
    found = 0
    for jar in jars():
        with zipfile.ZipFile(jar) as archive:
            lists = [name.rpartition("/")[2] for name in archive.namelist() if "publicsuffix" in name and not name.endswith((".class", "/"))]
        for name in lists:
            found += 1
            [line] = [line for line in lines if line.startswith(f"{name} in {jar.name.rpartition('-')[0]}: ")]
            assert "MPL-2.0" in line
            assert "https://publicsuffix.org/list/public_suffix_list.dat" in line
    assert found == 1


def test_no_jar_has_a_notice_that_would_have_to_come_along() -> None:
    """Apache-2.0, section 4 (d). None has one today; the first that does is to be copied to where LICENSE is."""
    for jar in jars():
        with zipfile.ZipFile(jar) as archive:
            assert not [name for name in archive.namelist() if "NOTICE" in name.upper().rpartition("/")[2]], jar.name
