"""One JupyterLab, one app and one Chromium for all browser tests; a page for each, that
notes what went wrong in it.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import (
    FLAGS,
    ROOT,
    App,
    Lab,
    browser_path,
    running_app,
    running_lab,
    watched,
)
from browser.made import PANELS, write_notebook
from browser.steps import open_and_run


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Lab:
    """JupyterLab with a copy of the workbook's notebooks, and some made for these tests."""
    _require(browser_path())
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder)
    shutil.copy(ROOT / "kdsurvey" / "app" / "all_panels.ipynb", folder)
    write_notebook(folder / "panels.ipynb", PANELS)
    with running_lab(folder, home / "home") as lab:
        yield lab


@pytest.fixture(scope="session")
def app(tmp_path_factory) -> App:
    """The app, as `make app` serves it, but less patient with kernels that nobody listens to."""
    _require(browser_path())
    impatient = (
        "--MappingKernelManager.cull_idle_timeout=6",
        "--MappingKernelManager.cull_interval=2",
    )
    with running_app(tmp_path_factory.mktemp("app") / "home", *impatient) as app:
        yield app


@pytest.fixture
def all_panels(opened):
    """All panels, as the tests of the class before left them."""
    opened.watch.errors.clear()
    return opened


@pytest.fixture(scope="session")
def some_opened(lab, chromium) -> Iterator:
    """A page with the notebook that is made of a few panels and questions."""
    with watched(chromium) as page:
        open_and_run(page, lab, "panels.ipynb")
        yield page


@pytest.fixture
def some_panels(some_opened):
    """A few panels and questions, each touched by one test."""
    some_opened.watch.errors.clear()
    return some_opened


def _require(browser: str | None) -> None:
    if browser:
        return
    says = (
        "no browser: install chromium, then run again "
        "(Debian: apt-get install chromium fonts-dejavu-core)"
    )
    (pytest.fail if os.environ.get("CI") else pytest.skip)(says)


@pytest.fixture(scope="session")
def chromium():
    _require(browser_path())
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "no playwright: pip install playwright, then run again"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium) -> Iterator:
    with watched(chromium) as page:
        yield page


@pytest.fixture
def shots(request, tmp_path) -> Path:
    """The folder for screenshots: $KDSURVEY_SHOTS, or the test's own."""
    folder = Path(os.environ.get("KDSURVEY_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
