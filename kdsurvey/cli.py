"""The command line: open the notebooks, serve the panels, record experiments.

Lessons are imported by the commands that need them, so that --help answers soon.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kdsurvey
from kdsurvey import variables
from kdsurvey.suggest import meant

if TYPE_CHECKING:
    from kdsurvey.records import Experiment

HERE = Path(__file__).parent
FIRST = "00_start_here.ipynb"
GLOSSARY = "glossary.md"  # which copies of the notebooks have beside them
COMMANDS = ("lab", "app", "record", "repeat", "notebooks", "slides", "keep", "pages")
MOST_SEEDS = 10_000
LAST_PORT = 65535
ABOUT = "Open the notebooks, serve the panels, record experiments."
EPILOG = "kdsurvey COMMAND --help says more of a command."


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; `words` are the command line, by default that of the process.

    Returns the exit status: 0, or 2 after one sentence on what cannot be done.
    """
    arguments, options = _parser().parse_known_args(words)
    if options and arguments.command not in ("lab", "app"):
        known = re.findall(r"--[\w-]+", arguments.parser.format_help())
        arguments.parser.error(unknown_option(options[0], known))
    arguments.options = options
    try:
        arguments.run(arguments)
    except (ValueError, OSError) as error:
        sentence = re.sub(r"^\[Errno \d+\] ", "", str(error))
        print(f"kdsurvey: {sentence}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def lab(arguments: argparse.Namespace) -> None:
    """Open the notebooks in JupyterLab: those of a checkout, else copies in a folder."""
    _require("jupyterlab", "lab")
    if arguments.options:
        from jupyter_server.serverapp import ServerApp
        from jupyterlab.labapp import LabApp

        check_options(arguments.options, LabApp(), ServerApp())
    folder = arguments.folder or (
        notebook_folder() if is_checkout() else Path("kdsurvey-notebooks")
    )
    if not (folder / FIRST).exists():
        copy_notebooks(folder)
    command = [sys.executable, "-m", "jupyterlab", str(folder / FIRST)]
    if is_checkout() and folder == notebook_folder():
        command.append(f"--ServerApp.root_dir={HERE.parent}")  # docs/ is linked
    subprocess.run([*command, *arguments.options], check=False)


def app(arguments: argparse.Namespace) -> None:
    """Serve the panels as a page without code; other options are Voilà's."""
    _require("voila", "app")
    from voila.app import Voila

    from kdsurvey.app.serve import serve

    check_options(arguments.options, Voila())
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


def repeat(arguments: argparse.Namespace) -> None:
    """Run a third of the questions again with other seeds, and compare the words."""
    from kdsurvey import records
    from kdsurvey.lessons import repeated

    ids = repeated.drawn(draw=arguments.draw)
    names = repeated.needed(ids)
    folder = arguments.folder or records.results_dir() / "repeated"
    hours = repeated.hours(names, arguments.seeds)
    print(f"{len(ids)} questions: {', '.join(ids)}")
    print(f"{len(names)} experiments, some {hours:.1f} hours of a core:")
    print(" ".join(names), flush=True)
    if not arguments.list:
        repeated.run(names, arguments.seeds, folder)
        table = repeated.words(ids, folder)
        print(table.to_string())
        print(repeated.summary(table))


def notebooks(arguments: argparse.Namespace) -> None:
    """Copy the notebooks into a folder."""
    for path in copy_notebooks(arguments.folder, arguments.force):
        print(path)


def slides(arguments: argparse.Namespace) -> None:
    """Write the notebooks as slides, a page each, which need no network."""
    _require("nbconvert", "lab")
    from kdsurvey.slides.deck import write_decks

    source = arguments.source or notebook_folder()
    for path in write_decks(source, arguments.folder, arguments.number):
        print(path, flush=True)


def keep(arguments: argparse.Namespace) -> None:
    """Run the notebooks' cores, and keep the numbers of their pictures for slides."""
    _require("nbclient", "lab")
    if not is_checkout():
        raise ValueError(f"{HERE} lies in no checkout of kdsurvey, which keeps them")
    from kdsurvey.slides import kept
    from kdsurvey.slides.deck import chosen

    for path in chosen(notebook_folder(), arguments.number):
        print(kept.keep(path), flush=True)


def write_pages(arguments: argparse.Namespace) -> None:
    """Write what README.md and docs/ print from the records, and which cells are slides."""
    _require("nbformat", "lab")
    if not is_checkout():
        raise ValueError(f"{HERE} lies in no checkout of kdsurvey, which has the pages")
    from kdsurvey.lessons import pages
    from kdsurvey.slides import rule

    pages.write()
    for path in sorted(notebook_folder().glob("*.ipynb")):
        rule.stamp(path)


def experiments() -> dict[str, "Experiment"]:
    """Collect the experiments of all lessons by name."""
    from kdsurvey import lessons

    return lessons.experiments()


def check_options(options: Sequence[str], *applications: Any) -> None:
    """Raise ValueError for an option that none of these applications has.

    They would pass over it without a word. Those with a dot, --Class.name, are theirs
    to check; a port must be one.
    """
    names = {"--help-all", "--show-config", "--show-config-json"}
    for application in applications:
        for entry in (*application.aliases, *application.flags):
            names |= {
                f"--{name}" for name in ((entry,) if isinstance(entry, str) else entry)
            }
    for option, following in zip_longest(options, options[1:], fillvalue=""):
        name, _, value = option.partition("=")
        if name.startswith("--") and "." not in name and name not in names:
            raise ValueError(unknown_option(name, names))
        if re.fullmatch(r"--(.*\.)?port", name):
            _check_port(value or following)


def _check_port(text: str) -> None:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > LAST_PORT:
        raise ValueError(
            f"{text!r} is no port; give a whole number from 0 to {LAST_PORT}, such as "
            "--port=8890"
        )


def unknown_option(option: str, known: Iterable[str]) -> str:
    """Write the answer to an option that does not exist, with one that is alike."""
    advice = meant(option.partition("=")[0], known, n=1)
    return f"unknown option {option}; {advice and f'{advice} '}See --help"


def folder(text: str) -> Path:
    """Read the path of a folder; ~ is the home."""
    try:
        path = variables.home(text)
        is_other = path.exists() and not path.is_dir()
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    except OSError as error:  # a name that is too long
        reason = f"{text[:60]!r} ... cannot be a folder: {error.strerror}"
        raise argparse.ArgumentTypeError(f"{reason}; name one, such as kd") from error
    if not text.strip() or is_other:
        raise argparse.ArgumentTypeError(f"{text!r} is no folder; name one, such as kd")
    return path


def seeds(text: str) -> range:
    """Read FIRST-LAST as seeds, both included."""
    both = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", text)
    if both is None:
        remedy = "write FIRST-LAST, such as 0-9"
        if re.fullmatch(r"[0-9]{1,9}", text):
            remedy = f"write {text}-{text} for seed {text}, or 0-9 for ten seeds"
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds; {remedy}")
    first, last = map(int, both.groups())
    if last < first:
        raise argparse.ArgumentTypeError(
            f"{text!r} has no seed, its end lies before its start; write {last}-{first}"
        )
    if last - first >= MOST_SEEDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} are {last - first + 1:,} seeds; ask for {MOST_SEEDS:,} at most"
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
    """Copy the notebooks into a folder, which is made, with the glossary; returns the
    copies.

    Raises ValueError where a copy would overwrite a file, unless forced to, OSError
    where nothing can be written.
    """
    originals = sorted(notebook_folder().glob("*.ipynb"))
    copies = [folder / path.name for path in originals]
    present = [path for path in (*copies, folder / GLOSSARY) if path.exists()]
    if present and not force:
        raise ValueError(
            f"{present[0]} exists already ({len(present)} of {len(copies) + 1} files "
            "do); name another folder, or overwrite them with --force"
        )
    for original, copy in zip(originals, copies):
        _copy(original, copy)
    _copy(_glossary(), folder / GLOSSARY)
    return copies


def _copy(original: Path, copy: Path) -> None:
    """Copy a notebook or the glossary, which lead to each other, into one folder."""
    from kdsurvey import store

    text = original.read_text(encoding="utf-8")
    text = text.replace(
        "(../README.md#the-notebooks)", f"({FIRST})"
    )  # both have the map
    text = text.replace("(../docs/", "(").replace("(../notebooks/", "(")
    store.write(copy, text, "name another folder")


def _glossary() -> Path:
    packaged = notebook_folder() / GLOSSARY
    return packaged if packaged.exists() else HERE.parent / "docs" / GLOSSARY


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
    advice = meant(name, known)
    end = f"; {advice}" if advice else "."
    return f"there is no experiment {name!r}{end} There are: {', '.join(known)}"


def _require(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise ValueError(
            f"{module} is not installed; install it with: pip install 'kdsurvey[{extra}]'"
        )


class Parser(argparse.ArgumentParser):
    """A parser that answers what it does not understand in one sentence."""

    def __init__(self, prog: str, **options: Any):
        super().__init__(prog, allow_abbrev=False, **options)

    def error(self, message: str):
        """End the process with the message, and with the command that may be meant."""
        wrong = re.search(r"argument COMMAND: invalid choice: '([^']*)'", message)
        advice = meant(wrong[1], COMMANDS, n=1) if wrong else ""
        if wrong and advice:
            message = f"there is no command {wrong[1]!r}; {advice}"
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
        type=folder,
        help="where the notebooks lie, or are copied to; by default the checkout's own, "
        "or kdsurvey-notebooks/ here. Other options are JupyterLab's",
    )
    _command(commands, "app", app)
    _add_record_options(_command(commands, "record", record))
    _add_repeat_options(_command(commands, "repeat", repeat))

    command = _command(commands, "notebooks", notebooks)
    command.add_argument("folder", type=folder, help="where the copies go")
    command.add_argument("--force", action="store_true", help="overwrite what is there")

    command = _command(commands, "slides", slides)
    command.add_argument("folder", type=folder, help="where the pages go")
    command.add_argument(
        "number", nargs="*", help="of a notebook, such as 01; by default all"
    )
    command.add_argument(
        "--source", type=folder, help="where the notebooks lie; by default ours"
    )
    command = _command(commands, "keep", keep)
    command.add_argument(
        "number", nargs="*", help="of a notebook, such as 01; by default all"
    )
    _command(commands, "pages", write_pages)
    return parser


def _command(commands, name: str, run) -> Parser:
    command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    command.set_defaults(run=run, parser=command)
    return command


def _add_record_options(command: Parser) -> None:
    command.add_argument("name", nargs="*", help="an experiment, such as widths")
    command.add_argument(
        "--seeds", type=seeds, default="0-9", help="FIRST-LAST, by default 0-9"
    )
    command.add_argument(
        "--folder",
        type=folder,
        help="where the rows go: LESSON/NAME.jsonl under it; by default "
        "$KDSURVEY_RESULTS, else results/ here",
    )
    command.add_argument("--list", action="store_true", help="list the experiments")
    command.add_argument(
        "--all",
        action="store_true",
        help="record all on data that comes with the package",
    )


def _add_repeat_options(command: Parser) -> None:
    command.add_argument(
        "--seeds", type=seeds, default="100-107", help="FIRST-LAST, by default 100-107"
    )
    command.add_argument(
        "--draw", type=int, default=0, help="seed of the draw of the questions"
    )
    command.add_argument(
        "--folder",
        type=folder,
        help="where the rows go, and those of a stopped run lie; by default repeated/ "
        "in $KDSURVEY_RESULTS, else results/repeated/ here",
    )
    command.add_argument(
        "--list", action="store_true", help="list what would be run, and its hours"
    )
