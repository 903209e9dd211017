# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of a run, for the terminal and for docs/benchmarks/, and whether the numbers to hold were held."""

from __future__ import annotations

from dataclasses import dataclass

from harness import server
from harness.against import MAY_ADD, ROUNDS, Against, Compared, compared
from harness.inprocess import CASES, HEADER_COUNTS, ROUNDS_OF_A_PROCESS, InProcess, Rounds
from harness.machine import Facts
from harness.measure import Spread, added, ratio
from harness.server import Served
from harness.variants import MEANING

DESCRIPTION = {"hello": "hello", "stream": "20-chunk stream", "echo": "WebSocket echo ×20"}


@dataclass(frozen=True)
class Goal:
    """A number to hold: ``must`` is what we are judged by, ``aim`` what we want."""

    what: str
    value: float
    must: float
    aim: float
    text: str
    less_is_better: bool = False

    def reaches(self, limit: float) -> bool:
        return self.value <= limit if self.less_is_better else self.value >= limit

    def row(self) -> list[str]:
        sign, unit = ("≤", " ms") if self.less_is_better else ("≥", "×")
        marks = [f"{sign} {limit:g}{unit} {'✓' if self.reaches(limit) else '✗'}" for limit in (self.must, self.aim)]
        return [self.what, self.text, *marks]


@dataclass(frozen=True)
class Table:
    title: str
    note: str
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Report:
    facts: Facts
    import_ms: dict[str, Spread]
    in_process: InProcess
    served: Served
    against: Against | None
    """The older revision in the same run, if one was asked for."""
    seconds: float

    def holds(self) -> bool:
        return not self.faults() and all(goal.reaches(goal.must) for goal in self.goals()) and not self.worse()

    def worse(self) -> list[str]:
        """What costs more than in the older revision, beyond `against.MAY_ADD`."""
        return [] if self.against is None else [row.what for row in self._compared() if not row.holds()]

    def _compared(self) -> list[Compared]:
        older = self.against
        return [] if older is None else compared({**older.cases, **{f"uvicorn {app}": rounds for app, rounds in self.served.rounds.items()}})

    def faults(self) -> list[str]:
        counted = self.in_process
        faults = list(self.served.faults)
        if counted.seen != counted.calls or counted.dropped:
            faults.append(f"in process: {counted.calls} requests, the recorders say {counted.seen} of which {counted.dropped} dropped")
        return faults + [f"{app}: every round was invalid" for app, rounds in self.served.rounds.items() if not rounds]

    def goals(self) -> list[Goal]:
        goals = []
        for case, aim in (("hello", 60), ("stream", 75), ("echo", 80)):
            goals.append(self._times(f"in process, {DESCRIPTION[case]}", self.in_process.cases[case], "upstream", "spangard", 50, aim))
        for case in CASES:
            rounds = self.in_process.cases[case]
            goals.append(self._times(f"unsampled (1 %), {DESCRIPTION[case]}", rounds, "upstream-1%", "spangard-1%", 45, 50))
        for case in CASES:
            rounds = self.in_process.cases[case]
            what = f"like for like, no event spans, {DESCRIPTION[case]}"
            goals.append(self._times(what, rounds, "upstream-excluded", "spangard-excluded", 18, 35))
        if self.served.rounds.get("hello"):
            what = "under uvicorn, hello, OTLP export, engine included"
            goals.append(self._times(what, self.served.rounds["hello"], "upstream", "spangard", 30, 45))
        took = self.import_ms["spangard"]
        goals.append(Goal("import spangard", took.median, 5, 2, f"{took.text()} ms", less_is_better=True))
        return goals

    def _times(self, what: str, rounds: Rounds, upstream: str, ours: str, must: float, aim: float) -> Goal:
        times = ratio(rounds, upstream, ours)
        return Goal(what, times.median, must, aim, f"{times.text(0)}×")

    def tables(self) -> list[Table]:
        return [
            Table(
                "Numbers to hold",
                "How many times more CPU upstream adds than spangard: ratio of the medians (quartiles of the rounds' ratios).",
                ["what", "measured", "must", "aim"],
                [goal.row() for goal in self.goals()],
            ),
            self._cases(),
            self._headers(),
            self._served(),
            *([] if self.against is None else [self._against(self.against)]),
        ]

    def _against(self, older: Against) -> Table:
        return Table(
            f"Against {older.revision}",
            f"Both in this run, each round compared with its own, in process by the least of each process's"
            f" {ROUNDS} rounds: today's added CPU as a part of that of {older.revision}, median (quartiles). May be {1 + MAY_ADD:.2f}.",
            ["what", "before, µs", "now, µs", "now / before", ""],
            [row.cells() for row in self._compared()],
        )

    def _cases(self) -> Table:
        cases = self.in_process.cases
        rows = [[variant, *(added(cases[case], variant).text() for case in CASES), MEANING[variant]] for variant in cases[CASES[0]][0] if variant != "bare"]
        bare = [
            "bare, in all",
            *(Spread.of([each["bare"] for each in cases[case]]).text() for case in CASES),
            MEANING["bare"],
        ]
        return Table(
            "In process: added CPU, µs a request",
            "The application called directly, 8 request headers, its process's CPU time over the bare application's in the same round."
            " Upstream's span exporter succeeds at once, so its export is not counted; ours batches, encodes and writes to a socket"
            f" that another process reads. Medians of {len(cases['hello'])} rounds (quartiles), a new process after each {ROUNDS_OF_A_PROCESS}.",
            ["variant", *(DESCRIPTION[case] for case in CASES), "what it is"],
            [bare, *rows],
        )

    def _headers(self) -> Table:
        rows = []
        for variant in ("upstream", "spangard"):
            costs = [added(self.in_process.headers[count], variant).median for count in HEADER_COUNTS]
            rows.append([variant, *(f"{cost:.1f}" for cost in costs), f"{slope(HEADER_COUNTS, costs):.3f}"])
        return Table(
            "In process: added CPU by number of request headers, hello, µs a request",
            "The slope is a least-squares line's, µs a header.",
            ["variant", *(str(count) for count in HEADER_COUNTS), "slope"],
            rows,
        )

    def _served(self) -> Table:
        rows = []
        for app, rounds in self.served.rounds.items():
            if rounds:
                bare = Spread.of([each["bare"] for each in rounds])
                engine = Spread.of([each["spangard"] for each in self.served.engine[app]])
                stable, default = (ratio(rounds, name, "spangard") for name in ("upstream-stable", "upstream"))
                costs = [added(rounds, variant).text() for variant in ("upstream", "upstream-stable", "spangard")]
                rows.append([app, bare.text(), *costs, engine.text(), f"{default.text(0)}×", f"{stable.text(0)}×"])
        return Table(
            "Under uvicorn: added CPU, µs a request",
            f"One worker, httptools, uvloop; {server.CONNECTIONS} keep-alive connections; spans and metrics as OTLP http/protobuf to one"
            " local sink. CPU of the server's and the engine's process trees until the last span has arrived; load generator and sink"
            f" are not counted. {len(next(iter(self.served.rounds.values()), []))} rounds of {server.CHEAP} requests (upstream"
            f" {server.DEAR}); a round counts only if exactly the expected spans arrived. Upstream has a queue that loses none"
            " (OTEL_BSP_MAX_QUEUE_SIZE=65536). FastAPI's own telemetry is off in every variant."
            f" Engine: {self.served.cold_engine_s:.1f} s of CPU for the first {server.COLD} requests (mostly its just-in-time compiler),"
            f" {self.served.warm_engine_s:.1f} s for the {server.WARM_UP_ENGINE - server.COLD} after them, which are its warm-up,"
            f" {self.served.resident_idle_mb:.0f} MB resident idle, {self.served.resident_loaded_mb:.0f} MB after load.",
            [
                "application",
                "bare, in all",
                "upstream",
                "upstream-stable",
                "spangard",
                "of it engine",
                "ratio",
                "ratio, stable",
            ],
            rows,
        )

    def terminal(self) -> str:
        parts = [self._terminal(table) for table in self.tables()]
        faults = self.faults()
        lost = ["LOST OR WRONG:", *faults, ""] if faults else []
        return "\n".join([*parts, *lost, *self._facts(), ""])

    def _terminal(self, table: Table) -> str:
        widths = [max(len(row[n]) for row in [table.head, *table.rows]) for n in range(len(table.head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [table.head, *table.rows]]
        return "\n".join([table.title, *lines, ""])

    def markdown(self) -> str:
        lines = ["# Attach: the upstream package against spangard", "", *(f"- {fact}" for fact in self._facts()), ""]
        faults = self.faults()
        lines += ["Spans, requests in histograms, and records were counted: none was lost."] if not faults else ["Lost or wrong:", ""]
        lines += [f"- {fault}" for fault in faults]
        for table in self.tables():
            lines += [
                "",
                f"## {table.title}",
                "",
                table.note,
                "",
                markdown_row(table.head),
                markdown_row(["---"] * len(table.head)),
            ]
            lines += [markdown_row(row) for row in table.rows]
        return "\n".join(lines) + "\n"

    def _facts(self) -> list[str]:
        facts = self.facts
        return [
            f"Date: {facts.date}; took {self.seconds / 60:.0f} minutes",
            f"Machine: {facts.machine}; load before the run {facts.load}",
            f"Runtimes: {facts.python}; {facts.java}",
            f"Rivals: {facts.packages}; spangard {facts.spangard}",
            f"Import: spangard {self.import_ms['spangard'].text()} ms,"
            f" opentelemetry.instrumentation.asgi {self.import_ms['opentelemetry.instrumentation.asgi'].text()} ms",
            f"Command: `{facts.command}`",
        ]


def markdown_row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def slope(xs: tuple[int, ...], ys: list[float]) -> float:
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / sum((x - x_mean) ** 2 for x in xs)
