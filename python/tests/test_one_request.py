# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""docs/one-request.md leads a reader through files and methods that are there, and counts them right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

# of the checkout, which mutation tests copy this file away from
ROOT = next(directory for directory in Path(__file__).parents if (directory / "docs/wire-protocol.md").exists())

DOCUMENT = ROOT / "docs/one-request.md"
WALK = DOCUMENT.read_text(encoding="utf-8")

PARTS = {
    "recorder": {"python"},
    "wire and intake": {"wire", "intake"},
    "telemetry": {"telemetry", "cli"},
    "export and books": {"export", "books"},
}
"""A part of the way, and the directories in the checkout that it is counted from."""


class Room(NamedTuple):
    number: int
    file: Path
    names: list[str]
    """Of classes and methods, the first as ``Class.method``, what follows of the same class as ``method``."""
    is_aside: bool
    sentence: str

    @property
    def part(self) -> str:
        return next(part for part, modules in PARTS.items() if self.file.relative_to(ROOT).parts[0] in modules)


def target(link: str) -> Path:
    return (DOCUMENT.parent / link).resolve()


def rooms() -> list[Room]:
    found = []
    for entry in re.findall(r"^\d+\. .+\n(?: {3,}.+\n)*", WALK, re.MULTILINE):
        room = re.fullmatch(r"(\d+)\. \[[^]]+\]\(([^)]+)\) (`[^:]+`)( \*\(aside\)\*)?: (.+)", " ".join(entry.split()))
        assert room, entry
        names = re.findall(r"`([^`]+)`", room[3])
        found.append(Room(int(room[1]), target(room[2]), names, bool(room[4]), room[5]))
    return found


ROOMS = rooms()


def has_type(source: str, name: str) -> bool:
    return bool(re.search(rf"\b(?:class|interface|record|enum) {name}\b", source))


def has_method(source: str, name: str) -> bool:
    """Whether it is defined there, not only called: in Java a type stands before its name, and no ``return``."""
    in_python = rf"^ *(?:async )?def {name}\("
    in_java = rf"^ +(?!(?:return|throw|new|else|case|yield)\b)(?:[\w.@<>?,\[\]]+ )+{name}\("
    return bool(re.search(f"{in_python}|{in_java}", source, re.MULTILINE))


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)", WALK))))
def test_what_is_linked_is_there(link: str) -> None:
    assert target(link).is_file()


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.file.name)
def test_what_is_entered_is_in_its_file(room: Room) -> None:
    source = room.file.read_text(encoding="utf-8")
    for name in room.names:
        *types, last = name.split(".")
        assert all(has_type(source, each) for each in types), name
        assert has_method(source, last) or has_type(source, last), name


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.file.name)
def test_says_in_one_sentence_what_happens(room: Room) -> None:
    assert re.fullmatch(r"[A-Z].+\.", room.sentence)
    assert ". " not in room.sentence


@pytest.mark.parametrize(("owner", "name"), sorted(set(re.findall(r"`([A-Z]\w+)\.(\w+)`", WALK))))
def test_what_is_named_on_the_way_is_in_one_of_the_rooms(owner: str, name: str) -> None:
    sources = [room.file.read_text(encoding="utf-8") for room in ROOMS]
    assert any(has_type(source, owner) and re.search(rf"\b{name}\b", source) for source in sources)


def test_each_file_is_one_room_and_they_are_numbered() -> None:
    assert [room.number for room in ROOMS] == list(range(1, len(ROOMS) + 1))
    assert len({room.file for room in ROOMS}) == len(ROOMS)


def test_counts_its_rooms() -> None:
    for part in PARTS:
        asides = [room.is_aside for room in ROOMS if room.part == part]
        assert re.search(rf"^\| {part} \| .+ \| {len(asides)} \| {sum(asides)} \|$", WALK, re.MULTILINE), part
    asides = [room.is_aside for room in ROOMS]
    assert f"| **all** | | **{len(asides)}** | **{sum(asides)}** |" in WALK
    assert f"Who skips the asides walks through {len(asides) - sum(asides)}." in " ".join(WALK.split())


def test_finds_no_method_that_is_only_called() -> None:
    assert has_method("    private static <T> List<T> all(Supplier<T> read) {", "all")
    assert has_method("    byte @Nullable [] get(AttributeKey<?> key) {", "get")
    assert not has_method("        return known(method, scheme);", "known")
    assert not has_method("        queue.add(span, request);", "add")
    assert has_method("    async def receive(self) -> Message:", "receive")
