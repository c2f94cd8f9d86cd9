"""The figures of benchmarks/gpu.json as a table of the README.

`python benchmarks/gpu_table.py` puts it between the marks of README.md; where there is
no such file, nothing stands between them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "benchmarks" / "gpu.json"
START, END = "<!-- gpu -->\n", "<!-- /gpu -->"
Line = tuple[str, str]  # what, figure


def table(report: dict) -> str:
    """Write a report of benchmarks/gpu.py as Markdown: a sentence, and a table."""
    versions = report["versions"]
    head = (
        f"Measured on {report['device']} with torch {versions['torch']}, "
        f"{report['date'][:10]}, by `make gpu`; medians, and ranges in brackets:"
    )
    lines = ["| what | figure |", "| --- | --- |"]
    for name, part in report["parts"].items():
        pairs = [*TABLES[name](rows_of(part))]
        pairs += [(f"{name}: {key}", part[key]) for key in INCOMPLETE if key in part]
        if part["peak bytes"]:
            pairs.append(
                (f"{name}: peak of memory", f"{part['peak bytes'] / 2**20:.0f} MiB")
            )
        lines += [f"| {what} | {figure} |" for what, figure in pairs]
    return "\n".join([head, "", *lines, ""])


INCOMPLETE = ("cut short", "error")


def rows_of(part: dict) -> list[dict]:
    """The rows of a part that ran; those with errors are in the file."""
    return [row for row in part["rows"] if "error" not in row and "not run" not in row]


def agreement(rows: list[dict]) -> Iterator[Line]:
    """The largest relative deviation from the CPU, and whose it is."""
    for kind in dict.fromkeys(row["convolutions"] for row in rows):
        for what in ("terms", "weights"):
            alike = [row for row in rows if row["convolutions"] == kind]
            worst = max(alike, key=lambda row: row[what]["relative"])
            deviation = worst[what]["relative"]
            label = f"largest deviation from the CPU, {what}, {kind} convolutions"
            yield label, f"{deviation:.1e} ({worst['method']})"


def waits(rows: list[dict]) -> Iterator[Line]:
    """The methods that wait for the GPU inside of an epoch."""
    if rows:
        names = dict.fromkeys(row["method"] for row in rows if row["waits"])
        methods = len({row["method"] for row in rows})
        figure = f"{', '.join(names) or 'none'} of {methods}"
        yield "methods that wait for the GPU inside an epoch", figure


def loop(rows: list[dict]) -> Iterator[Line]:
    """A step of `kd.train` in units of the bare loop's."""
    for row in rows:
        compiled = ", compiled" if row["compiled"] else ""
        setting = f"batch {row['batch']}, {row['precision']}{compiled}"
        step = row["kdsurvey, ms"]["median"]
        figure = f"{ranged(row['ratio'])}, {step:.2f} ms a step"
        yield f"a step of `kd.train` by a bare loop's, {setting}", figure


def stacks(rows: list[dict]) -> Iterator[Line]:
    """Seconds of the landscape's students."""
    for row in rows:
        what = f"{row['students']} students of the landscape, {row['how']}"
        yield what, f"{ranged(row['seconds'])} s"


def full_mnist(rows: list[dict]) -> Iterator[Line]:
    """Test errors and seconds of each net, as means over seeds."""
    for net in dict.fromkeys(row["net"] for row in rows):
        runs = [row for row in rows if row["net"] == net]
        errors = sum(row["errors"] for row in runs) / len(runs)
        seconds = sum(row["seconds"] for row in runs) / len(runs)
        what = f"{runs[0]['data']}: {net}, {len(runs)} seeds"
        yield what, f"{errors:.0f} errors of {runs[0]['of']:,}, {seconds:.0f} s a seed"


TABLES = {
    "agreement": agreement,
    "waits": waits,
    "loop": loop,
    "stacks": stacks,
    "full MNIST": full_mnist,
}


def ranged(values: dict[str, float]) -> str:
    """Write a median with its range."""
    return f"{values['median']:.2f} [{values['min']:.2f}, {values['max']:.2f}]"


def block(path: Path = REPORT) -> str:
    """Write what stands between the marks: the table, or nothing without a report."""
    return table(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else ""


def inserted(page: str, text: str) -> str:
    """Put a text between the marks of a page, in place of what is there."""
    before, rest = page.split(START)
    return before + START + text + END + rest.split(END)[1]


def main() -> None:
    """Put the table into README.md."""
    readme = ROOT / "README.md"
    page = readme.read_text(encoding="utf-8")
    readme.write_text(inserted(page, block()), encoding="utf-8")


if __name__ == "__main__":
    main()
