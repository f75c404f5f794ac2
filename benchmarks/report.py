"""The grading benchmark's tables and goals."""

from rich.console import Console
from rich.table import Table

from autograder.overhead import PARTS

NAMES = {"nbgrader": "stock nbgrader (gradebook, feedback)", "otter": "otter-grader (verdicts only)", "ours": "this project (gradebook, feedback)"}
COMPUTING = PARTS[:2]
GOALS = {"ratio": 20.0, "overhead": 0.050, "again": 20.0, "local": 0.3, "check": 3.0, "growth": 1.1}
MB = 2**20


def speed(forms: dict[str, list[dict]]) -> Table:
    """Submissions per minute, CPU seconds each, memory; and how many times as fast this project is, by the clock and by CPU seconds."""
    table = Table(title="A class of 03_vae, graded: medians over the rounds")
    for i, name in enumerate(("notebooks", "contestant", "workers", "submissions", "a minute", "CPU s each", "peak MB", "ours: times as fast", "by CPU s")):
        table.add_column(name, justify="left" if i < 2 else "right")
    for form, rows in forms.items():
        for row in sorted(rows, key=lambda row: row["workers"]):
            ours = next(other for other in rows if other["contestant"] == "ours" and other["workers"] == row["workers"])
            table.add_row(form, NAMES[row["contestant"]], str(row["workers"]), str(row["students"]), f"{row['per_minute']:.1f}", f"{row['cpu_each']:.2f}",
                          f"{row['peak'] / MB:.0f}", *("" if row is ours else f"{value:.1f}" for value in ratios(ours, row)))  # fmt: skip
        table.add_section()
    return table


def ratios(ours: dict, other: dict) -> tuple[float, float]:
    """How many times as many submissions a minute, and how many times fewer CPU seconds."""
    return ours["per_minute"] / other["per_minute"], other["cpu_each"] / ours["cpu_each"]


def time_table(parts: dict[str, float]) -> Table:
    """Where a submission's time goes."""
    table = Table(title="Where a submission's time goes: CPU milliseconds per submission, one warm worker")
    table.add_column("part")
    table.add_column("ms", justify="right")
    for name, seconds in parts.items():
        table.add_row(name, f"{1000 * seconds:.0f}")
    table.add_row("in all", f"{1000 * sum(parts.values()):.0f}")
    return table


def overhead(parts: dict[str, float]) -> float:
    """CPU seconds beyond what the student's own code and the checks compute."""
    return sum(seconds for name, seconds in parts.items() if name not in COMPUTING)


def goals(found: dict) -> list[tuple[str, str, bool]]:
    """(what, measured against the goal, reached)."""
    rows = []
    for form, found_rows in found["forms"].items():
        for row in found_rows:
            if row["contestant"] == "nbgrader":
                ours = next(other for other in found_rows if other["contestant"] == "ours" and other["workers"] == row["workers"])
                clock, _ = ratios(ours, row)
                rows.append((f"times stock nbgrader, {form} notebooks, {row['workers']} workers", f"{clock:.1f}, at least {GOALS['ratio']:.0f}", clock >= GOALS["ratio"]))
    if "parts" in found:
        rows += _of_the_class(found)
    slowest = max((clock, cpu, name) for checks in found["waits"]["local"].values() for name, (clock, cpu) in checks.items())
    rows.append((f"the slowest local check ({slowest[2]}, {slowest[1]:.2f} CPU s), s", f"{slowest[0]:.2f}, under {GOALS['local']}", slowest[0] < GOALS["local"]))
    check = found["waits"]["check"]
    rows.append((f"first verdict of `autograder check`, s (ended after {check['end']:.1f}, {check['cpu']:.1f} CPU s)", f"{check['first']:.1f}, under {GOALS['check']:.0f}", check["first"] < GOALS["check"]))
    return rows


def _of_the_class(found: dict) -> list[tuple[str, str, bool]]:
    """The goals that the parts and the large class are measured for."""
    spent, ((few, small), (many, big)) = overhead(found["parts"]), sorted(found["large"].items(), key=lambda pair: int(pair[0]))
    growth = big["peak"] / small["peak"]
    stock = max((row for row in found["forms"]["lean"] if row["contestant"] == "nbgrader"), key=lambda row: row["workers"])
    times = 60 * int(many) / big["seconds"] / stock["per_minute"]
    return [
        (f"times stock nbgrader, lean notebooks, {stock['workers']} workers, our class of {many}", f"{times:.1f}, at least {GOALS['ratio']:.0f}", times >= GOALS["ratio"]),
        ("CPU ms per submission beyond student's and checks' computing", f"{1000 * spent:.0f}, at most {1000 * GOALS['overhead']:.0f}", spent <= GOALS["overhead"]),
        (f"an unchanged class of {many} graded again, s", f"{big['again']:.1f}, under {GOALS['again']:.0f}", big["again"] < GOALS["again"] and big["judged_again"] == 0),
        (f"memory for a class of {many} over that for {few}", f"{big['peak'] / MB:.0f} / {small['peak'] / MB:.0f} MB", growth < GOALS["growth"]),
    ]


def show(found: dict, console: Console) -> None:
    """Print the tables."""
    console.print(speed(found["forms"]))
    if "parts" in found:
        console.print(time_table(found["parts"]))
    table = Table(title="Goals")
    for name in ("goal", "measured", "reached"):
        table.add_column(name)
    for what, measured, reached in goals(found):
        table.add_row(what, measured, "yes" if reached else "no")
    console.print(table)
