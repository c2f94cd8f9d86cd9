"""The wheel, built and installed in an environment of its own, away from the checkout."""

import json
import os
import runpy
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FASTEST = "01_temperature.ipynb"
RUN = """
import sys
sys.modules["rfc3987_syntax"] = None  # its grammars take seconds to build
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
notebook.cells.append(nbformat.v4.new_code_cell("print(kd.__file__)"))
NotebookClient(notebook, timeout=300).execute()
print(notebook.cells[-1].outputs[0].text)
"""
VERDICTS = """
from kdsurvey.lessons import ledger
print(*(answer.line for answer in ledger.every_answer().values()), sep="\\n")
"""
RECORD = """
from kdsurvey import data, records
def coin(data, seed):
    return [{"arm": "heads", "seed": seed}]
path = records.record("coin", coin, data.mnist_5k(), [0])
print(path.resolve())
print(records.recorded("coin", records.results_dir()).attrs["versions"]["commit"])
"""

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel; commands run in a folder away from everything."""

    folder: Path
    elsewhere: Path

    @property
    def programs(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess:
        """Run a program of the environment, without any of the caller's paths."""
        ours = ("PYTHONPATH", "KDSURVEY_RESULTS")
        environment = {k: v for k, v in os.environ.items() if k not in ours}
        return subprocess.run(
            [str(self.programs / program), *words],
            cwd=self.elsewhere,
            env=environment,
            capture_output=True,
            text=True,
        )

    def answer(self, program: str, *words: str) -> str:
        """The output of a program that must succeed."""
        process = self.run(program, *words)
        assert process.returncode == 0, process.stderr
        return process.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (path,) = folder.glob("kdsurvey-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    """The wheel in a new environment, which borrows everything else from this one.

    A .pth file lends this environment's packages, but not what their own .pth files
    add, such as the checkout.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    place = Installed(folder, tmp_path_factory.mktemp("elsewhere"))
    python = place.programs / "python"
    pip("install", str(wheel), before=("--python", str(python)))
    (packages,) = folder.rglob("site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place


def pip(command: str, *words: str, before: tuple[str, ...] = ()) -> None:
    """Run pip without an index and without dependencies."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--no-index", "--no-deps"]
    process = subprocess.run(
        [*pip, *before, command, *options, *words], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr


def test_the_package_is_the_installed_one_and_knows_its_version(installed):
    here = "import kdsurvey; print(kdsurvey.__file__, kdsurvey.__version__)"
    path, version = installed.answer("python", "-c", here).split()
    assert Path(path).is_relative_to(installed.folder)
    of_metadata = "from importlib.metadata import version; print(version('kdsurvey'))"
    assert installed.answer("python", "-c", of_metadata) == version
    assert installed.answer("kdsurvey", "--version") == f"kdsurvey {version}"


def test_notebooks_are_copied_out_and_run(installed):
    copies = installed.answer("kdsurvey", "notebooks", "workbook").splitlines()
    names = {Path(copy).name for copy in copies}
    assert names == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    path = installed.answer("python", "-c", RUN, f"workbook/{FASTEST}")
    assert Path(path).is_relative_to(installed.folder)


def test_jupyters_server_finds_what_leaves_still_faces(installed):
    (config,) = installed.folder.glob("etc/jupyter/jupyter_server_config.d/*.json")
    assert "kdsurvey_lab" in config.read_text()
    path = installed.answer(
        "python", "-c", "import kdsurvey_lab as k; print(k.__file__)"
    )
    assert Path(path).is_relative_to(installed.folder)


def test_the_glossary_is_copied_with_the_notebooks(installed):
    installed.answer("kdsurvey", "notebooks", "with_words")
    assert (installed.elsewhere / "with_words" / "glossary.md").exists()


def test_the_command_helps_and_refuses(installed):
    assert "--seeds" in installed.answer("kdsurvey", "record", "--help")
    refused = installed.run("kdsurvey", "record", "widhts")
    assert refused.returncode == 2 and "did you mean widths" in refused.stderr
    assert "no checkout" in installed.run("kdsurvey", "pages").stderr


def test_every_verdict_comes_from_the_packaged_records(installed):
    page = (ROOT / "docs" / "verdicts.md").read_text("utf-8").splitlines()
    lines = installed.answer("python", "-c", VERDICTS).splitlines()
    assert len(lines) == 100 and set(lines) <= set(page)


def test_new_rows_go_to_the_working_directory(installed):
    path, commit = installed.answer("python", "-c", RECORD).splitlines()
    assert Path(path).is_relative_to(installed.elsewhere.resolve() / "results")
    assert commit == "None"


def test_the_package_says_what_it_is(installed):
    read = "import importlib.metadata as m, json; d = m.metadata('kdsurvey'); "
    said = installed.answer("python", "-c", read + "print(json.dumps(d.json))")
    metadata = json.loads(said)
    assert metadata["author"] and metadata["license_expression"] == "MIT"
    assert {"app", "lab", "test"} <= set(metadata["provides_extra"])
    assert metadata["keywords"] and len(metadata["classifier"]) > 5
    assert "](docs/" not in metadata["description"]
    assert "](notebooks/" not in metadata["description"]


README = (
    "![A map](docs/map.png) [page](notebooks/01.ipynb) [web](https://a.org) [up](#top)"
)


@pytest.mark.parametrize(
    "source, text",
    [
        (None, "A map page [web](https://a.org) [up](#top)"),
        (
            "https://b.org/us/kd/",
            "![A map](https://b.org/us/kd/raw/HEAD/docs/map.png) "
            "[page](https://b.org/us/kd/blob/HEAD/notebooks/01.ipynb) "
            "[web](https://a.org) [up](#top)",
        ),
    ],
)
def test_links_of_the_description_lead_somewhere_or_are_words(source, text):
    resolved = runpy.run_path(str(ROOT / "hatch_build.py"))["resolved"]
    assert resolved(README, source) == text
