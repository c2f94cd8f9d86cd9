"""The command line: open the notebooks, serve the panels, record experiments.

Lessons are imported by the commands that need them, so that --help answers soon.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import kdsurvey

if TYPE_CHECKING:
    from kdsurvey.records import Experiment

HERE = Path(__file__).parent
FIRST = "00_start_here.ipynb"
ABOUT = "Open the notebooks, serve the panels, record experiments."
EPILOG = "kdsurvey COMMAND --help says more of a command."


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; `words` are the command line, by default that of the process.

    Returns the exit status: 0, or 2 after one sentence on what cannot be done.
    """
    arguments, options = _parser().parse_known_args(words)
    if options and arguments.command not in ("lab", "app"):
        _parser().error(f"unknown option {options[0]}; see kdsurvey --help")
    arguments.options = options
    try:
        arguments.run(arguments)
    except (ValueError, OSError) as error:
        print(f"kdsurvey: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def lab(arguments: argparse.Namespace) -> None:
    """Open the notebooks in JupyterLab: those of a checkout, else copies in a folder."""
    _require("jupyterlab", "lab")
    folder = arguments.folder or (
        notebook_folder() if is_checkout() else Path("kdsurvey-notebooks")
    )
    if not (folder / FIRST).exists():
        copy_notebooks(folder)
    command = [sys.executable, "-m", "jupyterlab", str(folder / FIRST)]
    subprocess.run([*command, *arguments.options], check=False)


def app(arguments: argparse.Namespace) -> None:
    """Serve the panels as a page without code; other options are Voilà's."""
    _require("voila", "app")
    from kdsurvey.app.serve import serve

    serve(arguments.options)


def record(arguments: argparse.Namespace) -> None:
    """Run experiments for some seeds and keep their rows."""
    from kdsurvey import records

    known = experiments()
    if arguments.list:
        print("\n".join(listing(known)))
        return
    for experiment in _chosen(arguments, known):
        rows = experiment.name, experiment, experiment.data(), arguments.seeds
        print(records.record(*rows, folder=arguments.folder), flush=True)


def notebooks(arguments: argparse.Namespace) -> None:
    """Copy the notebooks into a folder."""
    for path in copy_notebooks(arguments.folder, arguments.force):
        print(path)


def write_pages(arguments: argparse.Namespace) -> None:
    """Write what README.md and docs/ print from the records, in a checkout."""
    if not is_checkout():
        raise ValueError(f"{HERE} lies in no checkout of kdsurvey, which has the pages")
    from kdsurvey.lessons import pages

    pages.write()


def experiments() -> dict[str, "Experiment"]:
    """Collect the experiments of all lessons by name."""
    from kdsurvey import lessons

    return lessons.experiments()


def seeds(text: str) -> range:
    """Read FIRST-LAST as seeds, both included."""
    both = re.fullmatch(r"(\d+)-(\d+)", text)
    if both is None:
        remedy = "write FIRST-LAST, such as 0-9"
        if text.isdigit():
            remedy = f"write {text}-{text} for seed {text}, or 0-9 for ten seeds"
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds; {remedy}")
    first, last = map(int, both.groups())
    if last < first:
        raise argparse.ArgumentTypeError(
            f"{text!r} has no seed, its end lies before its start; write {last}-{first}"
        )
    return range(first, last + 1)


def listing(known: dict[str, "Experiment"]) -> list[str]:
    """Write a line for each experiment: its name, and whether its data comes with it."""
    width = max(map(len, known))
    other = "on data that does not come with the package"
    return [
        name if experiment.embedded else f"{name:{width}}  {other}"
        for name, experiment in known.items()
    ]


def notebook_folder() -> Path:
    """The folder of the notebooks: in the installed package, or in the checkout."""
    packaged = Path(str(files("kdsurvey") / "notebooks"))
    return packaged if packaged.is_dir() else HERE.parent / "notebooks"


def copy_notebooks(folder: Path, force: bool = False) -> list[Path]:
    """Copy the notebooks into a folder, which is made; returns the copies.

    Raises ValueError where a copy would overwrite a file, unless forced to.
    """
    originals = sorted(notebook_folder().glob("*.ipynb"))
    copies = [folder / path.name for path in originals]
    present = [path for path in copies if path.exists()]
    if present and not force:
        raise ValueError(
            f"{present[0]} exists already ({len(present)} of {len(copies)} notebooks "
            "do); name another folder, or overwrite them with --force"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for original, copy in zip(originals, copies):
        shutil.copyfile(original, copy)
    return copies


def is_checkout() -> bool:
    """Whether the package is imported from a checkout, with its README and notebooks."""
    return (HERE.parent / "pyproject.toml").is_file()


def _chosen(
    arguments: argparse.Namespace, known: dict[str, "Experiment"]
) -> list["Experiment"]:
    """The experiments that a command line names, all of them found before any runs."""
    if arguments.all:
        return [experiment for experiment in known.values() if experiment.embedded]
    if not arguments.name:
        raise ValueError("name an experiment to record, or --all; --list has them all")
    for name in arguments.name:
        if name not in known:
            raise ValueError(_unknown(name, known))
    return [known[name] for name in arguments.name]


def _unknown(name: str, known: Iterable[str]) -> str:
    similar = get_close_matches(name, known, n=3)
    advice = f"did you mean {' or '.join(similar)}? " if similar else ""
    return f"there is no experiment {name!r}; {advice}There are: {', '.join(known)}"


def _require(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise ValueError(
            f"{module} is not installed; install it with: pip install 'kdsurvey[{extra}]'"
        )


class Parser(argparse.ArgumentParser):
    """A parser that answers what it does not understand in one sentence."""

    def error(self, message: str):
        """End the process with the message."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> Parser:
    parser = Parser("kdsurvey", description=ABOUT, epilog=EPILOG)
    version = f"kdsurvey {kdsurvey.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = _command(commands, "lab", lab)
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help="where the notebooks lie, or are copied to; by default the checkout's own, "
        "or kdsurvey-notebooks/ here. Other options are JupyterLab's",
    )
    _command(commands, "app", app)
    _add_record_options(_command(commands, "record", record))

    command = _command(commands, "notebooks", notebooks)
    command.add_argument("folder", type=Path, help="where the copies go")
    command.add_argument("--force", action="store_true", help="overwrite what is there")
    _command(commands, "pages", write_pages)
    return parser


def _command(commands, name: str, run) -> Parser:
    command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    command.set_defaults(run=run)
    return command


def _add_record_options(command: Parser) -> None:
    command.add_argument("name", nargs="*", help="an experiment, such as widths")
    command.add_argument(
        "--seeds", type=seeds, default="0-9", help="FIRST-LAST, by default 0-9"
    )
    command.add_argument(
        "--folder",
        type=Path,
        help="where the rows go: LESSON/NAME.jsonl under it; by default "
        "$KDSURVEY_RESULTS, else results/ here",
    )
    command.add_argument("--list", action="store_true", help="list the experiments")
    command.add_argument(
        "--all",
        action="store_true",
        help="record all on data that comes with the package",
    )
