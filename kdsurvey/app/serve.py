"""Serve all panels on one page through Voilà: `kdsurvey app`.

Everyone who opens the page has a kernel of their own, of about 1 GB. It ends when the
page is closed; where a browser died without saying so, when nothing has come from it
for two minutes and no training runs.
"""

import os
from pathlib import Path

HERE = Path(__file__).parent
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

    paths = [str(HERE / "share"), os.environ.get("JUPYTER_PATH")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, paths))

    # A closed page says so with a beacon, which cannot carry the token that other
    # requests need: without this line the server refuses it, and the kernel would train
    # on. Who knows a kernel's random name may end it.
    VoilaShutdownKernelHandler.check_xsrf_cookie = lambda handler: None
    main([str(HERE / "all_panels.ipynb"), *settings_besides(options), *options])


def settings_besides(given: list[str]) -> list[str]:
    """Return those of SETTINGS that the given options leave as they are."""
    names = {option.split("=")[0] for option in given}
    return [setting for setting in SETTINGS if setting.split("=")[0] not in names]
