"""One JupyterLab, one app and one Chromium for all browser tests; a page for each, that
notes what went wrong in it.
"""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.lab import FLAGS, ROOT, App, Lab, browser_path, running_app, running_lab
from browser.made import PANELS, what_widgets_need, write_notebook
from browser.steps import open_and_run, open_app

# What JupyterLab 4.6 itself says on the console, and why it does not matter here
ALLOWED = ()


class Watch:
    """What a page did besides what the test asked of it."""

    def __init__(self, page):
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on(
            "console",
            lambda message: (
                self._error(message.text) if message.type == "error" else None
            ),
        )
        page.on("pageerror", lambda error: self._error(str(error)))
        page.on(
            "request",
            lambda request: self.hosts.add(urlsplit(request.url).hostname or ""),
        )
        page.on(
            "websocket",
            lambda socket: self.hosts.add(urlsplit(socket.url).hostname or ""),
        )

    def _error(self, text: str) -> None:
        if not any(known in text for known in ALLOWED):
            self.errors.append(text)


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Lab:
    """JupyterLab with a copy of the workbook's notebooks, and some made for these tests."""
    _require(browser_path())
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    for notebook in [
        *sorted((ROOT / "notebooks").glob("*.ipynb")),
        ROOT / "kdsurvey" / "app" / "all_panels.ipynb",
    ]:
        shutil.copy(notebook, folder)
        write_notebook(folder / f"widgets_{notebook.name}", what_widgets_need(notebook))
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


@pytest.fixture(params=["lab", "app"])
def all_panels(request, page):
    """All panels in a fresh page with a kernel of its own, in JupyterLab and as the app;
    returns the server.
    """
    server = request.getfixturevalue(request.param)
    if request.param == "app":
        open_app(page, server)
    else:
        server.end_kernels()
        open_and_run(page, server, "all_panels.ipynb")
    return server


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
def page(chromium):
    """A fresh page; `page.watch` holds its console errors and the hosts it asked."""
    context = chromium.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.watch = Watch(page)
    yield page
    context.close()


@pytest.fixture
def shots(request, tmp_path) -> Path:
    """The folder for screenshots: $KDSURVEY_SHOTS, or the test's own."""
    folder = Path(os.environ.get("KDSURVEY_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
