"""Serves the playground through Voilà. Options are Voilà's own, such as --port=8900,
--no-browser or --Voila.ip=0.0.0.0.

Everyone who opens the page has a kernel of their own, of about 1 GB. It ends when the
page is closed; where a browser died without saying so, when nothing has come from it
for two minutes and no training runs.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
SETTINGS = [
    "--template=kdsurvey",  # Voilà's own page asks the network for style sheets
    "--MappingKernelManager.cull_idle_timeout=120",
    "--MappingKernelManager.cull_interval=20",
]


def main() -> None:
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(HERE / "share"), os.environ.get("JUPYTER_PATH")])
    )
    from voila.app import main as serve
    from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

    # A closed page says so with a beacon, which cannot carry the token that other
    # requests need: without this line the server
    # refuses it, and the kernel would train on. Who knows a kernel's random name may end it.
    VoilaShutdownKernelHandler.check_xsrf_cookie = lambda handler: None
    given = sys.argv[1:]
    ours = [
        setting
        for setting in SETTINGS
        if not any(option.startswith(setting.split("=")[0]) for option in given)
    ]
    serve([str(HERE / "playground.ipynb"), *ours, *given])


main()
