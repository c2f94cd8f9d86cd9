"""A real JupyterLab, or the app, on a free port, and what a test needs to know about
the pages that Chromium shows of it.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from processes import free_port

ROOT = Path(__file__).resolve().parents[2]
HERE = {"127.0.0.1", "localhost", ""}  # "" is what data: and blob: addresses have
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# Cells out of view would not be in the page; news and updates would be fetched
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none",
        "recordTiming": False,
    },
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
SERVER = json.loads((ROOT / "etc" / "jupyter_server.json").read_text())
DISABLED = [
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension:plugin",
]


def browser_path() -> str | None:
    """The browser that this machine has, if any."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@dataclass
class App:
    """A running server: where it listens, and its process."""

    url: str
    pid: int

    def kernels(self) -> list[psutil.Process]:
        """The kernels that run now, the oldest first."""
        children = psutil.Process(self.pid).children(recursive=True)
        found = [
            child
            for child in children
            if "ipykernel_launcher" in " ".join(_words(child))
        ]
        return sorted(found, key=lambda kernel: kernel.create_time())


@dataclass
class Lab(App):
    """A JupyterLab: also its token, and the folder of notebooks it shows."""

    token: str
    folder: Path

    def page_of(self, notebook: str) -> str:
        return f"{self.url}/lab/tree/{notebook}?token={self.token}&reset"


class Watch:
    """What a page did besides what the test asked of it."""

    def __init__(self, page):
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._hears)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._asks)
        page.on("websocket", self._asks)

    def _hears(self, message) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _asks(self, asked) -> None:
        self.hosts.add(urlsplit(asked.url).hostname or "")


@contextmanager
def watched(chromium, width: int = 1360, height: int = 900, **options: bool):
    """A fresh page; `page.watch` holds its console errors and the hosts it asked."""
    size = {"width": width, "height": height}
    with closing(chromium.new_context(viewport=size, **options)) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)  # other tests may hold the processor
        page.watch = Watch(page)
        yield page


@contextmanager
def running_lab(folder: Path, home: Path):
    """JupyterLab with this Python, everything it writes under `home`, the package
    importable from the repository.
    """
    _write_settings(home)
    token, port = secrets.token_hex(16), free_port()
    options = {
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": token,
        "ServerApp.open_browser": False,
        "ServerApp.port": port,
        "ServerApp.ip": "127.0.0.1",
        "LabApp.news_url": "None",
        "LabApp.expose_app_in_browser": True,
        "LabApp.extension_manager": "readonly",
        "LabApp.app_settings_dir": home / "app",
        "LabApp.user_settings_dir": home / "user",
        "LabApp.workspaces_dir": home / "spaces",
    }
    settings = [f"--{name}={value}" for name, value in options.items()]
    command = ["jupyterlab", "--no-browser", "--allow-root", *settings]
    with _serving(
        command, f"http://127.0.0.1:{port}/api?token={token}", home
    ) as server:
        yield Lab(f"http://127.0.0.1:{port}", server.pid, token, folder)


@contextmanager
def running_app(home: Path, *options: str):
    """The app, as `make app` serves it."""
    port = free_port()
    address = [f"--port={port}", "--Voila.ip=127.0.0.1"]
    command = ["kdsurvey", "app", "--no-browser", *address, *options]
    with _serving(command, f"http://127.0.0.1:{port}/nothing/", home) as server:
        yield App(f"http://127.0.0.1:{port}", server.pid)


@contextmanager
def _serving(command: list[str], address: str, home: Path):
    """python -m COMMAND, from when its address answers to the end of the block."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("wb") as out:
        process = [sys.executable, "-m", *command]
        server = subprocess.Popen(
            process,
            stdout=out,
            stderr=out,
            env=_environment(home),
            start_new_session=True,
        )
        try:
            _wait_until_up(server, address, home / "server.log")
            yield server
        finally:
            _end(server)


def _environment(home: Path) -> dict[str, str]:
    """A home of its own, one thread of torch, and one arena of the C library: each thread
    that had its own would keep up to 14 MB that are free again.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    own = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
    }
    return (
        os.environ
        | {name: str(value) for name, value in own.items()}
        | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    )


def _write_settings(home: Path) -> None:
    for folder, name, content in (
        ("app", "overrides.json", SETTINGS),
        (
            "config/labconfig",
            "page_config.json",
            {"disabledExtensions": dict.fromkeys(DISABLED, True)},
        ),
        # as an installation puts it into etc/jupyter/
        ("config/jupyter_server_config.d", "kdsurvey.json", SERVER),
    ):
        (home / folder).mkdir(parents=True, exist_ok=True)
        (home / folder / name).write_text(json.dumps(content))


def _wait_until_up(
    server: subprocess.Popen, address: str, log: Path, seconds: float = 60
) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # it answers, if only that there is nothing
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(
        f"the server did not start; its log says:\n{log.read_text()[-3000:]}"
    )


def _words(process: psutil.Process) -> list[str]:
    """The command line of a process, which may be gone by now."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _end(server: subprocess.Popen) -> None:
    """Ends the server and its kernels, which are in its process group."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        if server.poll() is None:
            os.killpg(server.pid, kind)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                continue
