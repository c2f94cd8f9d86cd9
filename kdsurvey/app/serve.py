"""Serve all panels on one page through Voilà: `kdsurvey app`.

Everyone who opens the page has a kernel of their own, of about 1 GB. It ends when the
page is closed; where a browser died without saying so, when nothing has come from it
for two minutes and no training runs. So many visitors as the memory holds, 60 at most, are
let in; the next one reads a sentence.
"""

import os
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MOST_VISITORS = 60
MEMORY_EACH = 0.5e9  # bytes that a visitor's kernel takes at least
FULL = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Please wait</title>
<p role="status">All {most} places of this page are taken, as every visitor has a computer
process of their own. Close a page that is not needed, wait two minutes, and load this one
again.</p></html>"""
SETTINGS = [
    "--template=kdsurvey",  # Voilà's own page asks the network for style sheets
    "--MappingKernelManager.cull_idle_timeout=120",
    "--MappingKernelManager.cull_interval=20",
]


def serve(options: list[str]) -> None:
    """Serve the page until the process ends.

    options: Voilà's own, such as --port=8900, --no-browser or --Voila.ip=0.0.0.0; they
    take the place of ours. Raises ModuleNotFoundError where Voilà is not installed.
    """
    from voila.app import main
    from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
    from voila.tornado.handler import TornadoVoilaHandler

    paths = [str(HERE / "share"), os.environ.get("JUPYTER_PATH")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, paths))

    # A closed page says so with a beacon, which cannot carry the token that other
    # requests need: without this line the server refuses it, and the kernel would train
    # on. Who knows a kernel's random name may end it.
    VoilaShutdownKernelHandler.check_xsrf_cookie = lambda handler: None
    keep_door(TornadoVoilaHandler, visitors())
    main([str(HERE / "all_panels.ipynb"), *settings_besides(options), *options])


def settings_besides(given: list[str]) -> list[str]:
    """Return those of SETTINGS that the given options leave as they are."""
    names = {option.split("=")[0] for option in given}
    return [setting for setting in SETTINGS if setting.split("=")[0] not in names]


def visitors() -> int:
    """Return how many visitors fit into the memory of this machine: 1 to MOST_VISITORS."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return MOST_VISITORS
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(MOST_VISITORS, max(1, int(memory / MEMORY_EACH)))


def keep_door(handler: type, most: int) -> None:
    """Let so many visitors in; the next one reads a sentence, and starts no kernel.

    handler: Voilà's, of which an instance answers each visitor; it begins to write when
    the visitor's kernel is among those of the kernel manager.
    """
    welcome = handler.get  # type: ignore[attr-defined]
    arriving: set[Any] = set()

    async def get(visitor: Any, *path: Any) -> None:
        kernels = len(visitor.kernel_manager.list_kernel_ids())
        waiting = sum(not other._headers_written for other in arriving)
        if kernels + waiting >= most:
            visitor.set_status(503)
            visitor.set_header("Retry-After", "120")
            visitor.finish(FULL.format(most=most))
            return
        arriving.add(visitor)
        try:
            await welcome(visitor, *path)
        finally:
            arriving.discard(visitor)

    handler.get = get  # type: ignore[attr-defined]
