"""Takes the README's pictures of the panels, in the app and in JupyterLab:
`make shots`.
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from browser.lab import FLAGS, browser_path, running_app, running_lab
from browser.made import write_notebook
from browser.steps import (
    await_new_picture,
    await_still_picture,
    open_and_run,
    open_app,
    panel,
    picture,
)
from PIL import Image
from playwright.sync_api import sync_playwright

COLOURS = 64  # enough for charts; the files are a quarter of the size
PATIENCE = 120_000  # ms


def take(page, found, name: str) -> bytes:
    """The panel as a small PNG, the pointer elsewhere."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(700)
    shot = Image.open(BytesIO(found.screenshot())).convert("RGB")
    out = BytesIO()
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    print(f"{name}: {len(out.getvalue()) / 1024:.0f} kB")
    return out.getvalue()


def set_number(page, found, name: str, value: str) -> None:
    old = picture(found)
    found.get_by_label(name, exact=True).fill(value)
    found.get_by_label(name, exact=True).press("Tab")
    await_new_picture(page, found, old)


def finish(found, says: str = "Finished") -> None:
    found.get_by_role("button", name="Start", exact=True).click()
    found.get_by_role("status").get_by_text(says).wait_for(timeout=PATIENCE)


def to_the_end(page, found) -> None:
    finish(found)


def landscape(page, found) -> None:
    finish(found)
    old = await_still_picture(page, found)
    found.locator("button[title*='T = 4, alpha = 0.25']").click()
    await_new_picture(page, found, old)


def digit_pad(page, found) -> None:
    set_number(page, found, "Share of it", "0.45")


def rewind(page, found) -> None:
    if found.get_by_text("Nothing to rewind yet").first.is_visible():
        finish(panel(page, "Two methods side by side"))
        await_still_picture(page, found)  # the film of the run has come to its end
    set_number(page, found, "Epoch", "3")


def live(page, found) -> None:
    old = picture(found)
    found.get_by_role("button", name="Start", exact=True).click()
    for name, value in (
        ("Temperature T", "12"),
        ("Learning rate", "0.03"),
        ("Weight alpha", "0.5"),
    ):
        page.wait_for_timeout(1800)
        found.get_by_label(name, exact=True).fill(value)
        found.get_by_label(name, exact=True).press("Tab")
    await_new_picture(page, found, old)
    page.wait_for_timeout(1500)
    found.get_by_role("button", name="Stop", exact=True).click()
    found.get_by_role("status").get_by_text("Stopped").wait_for()


def temperature(page, found) -> None:
    old = picture(found)
    found.get_by_role("button", name="next image").click()
    await_new_picture(page, found, old)


def precision(page, found) -> None:
    finish(found)
    found.get_by_label("Weights of").select_option("scheme C")
    found.get_by_label("in", exact=True).select_option("hidden layer 4")
    page.wait_for_timeout(1000)


def growing(page, found) -> None:
    """Wider, deeper, and in the end deeper with random weights."""
    old = picture(found)
    found.get_by_label("Pace").select_option("100 batches a second")
    found.get_by_role("button", name="Start", exact=True).click()
    for act, way in (
        ("Wider", "copied (Net2Net)"),
        ("Deeper", "copied (Net2Net)"),
        ("Deeper", "at random"),
    ):
        page.wait_for_timeout(2500)
        found.get_by_label("New weights").select_option(way)
        found.get_by_role("button", name=act, exact=True).click()
        found.get_by_role("status").get_by_text(f"{act} at batch").wait_for()
    await_new_picture(page, found, old)
    found.get_by_role("status").get_by_text("Finished").wait_for(timeout=PATIENCE)


CELLS = [  # of a notebook with the panels that the app does not have
    """import kdsurvey as kd
from kdsurvey import panels
from kdsurvey.lessons.born_again import experiments as born_again
from kdsurvey.lessons.fitnets import experiments as fitnets
from kdsurvey.lessons.fsp import experiments as fsp
from kdsurvey.lessons.low_precision import experiments as low_precision
from kdsurvey.lessons.mutual_learning import experiments as mutual_learning
from kdsurvey.lessons import branched_nets

digits = kd.data.mnist_5k().hold_out(500).halved()""",
    "panels.hints(digits, fitnets.teach(digits, 0))",
    "panels.growing(digits)",
    "panels.flows(digits, fsp.teach(digits, 0))",
    "panels.peers(mutual_learning.digits(kd.data.mnist_5k().hold_out(500), seed=0, noise=0))",
    "panels.generations(born_again.few(kd.data.mnist_5k().hold_out(500), 0, 'clean'))",
    "panels.precision(digits, low_precision.teach(digits, 0))",
    "panels.branches(branched_nets.digits(kd.data.mnist_5k().hold_out(500), 0))",
]
IN_LAB = {  # file -> (title of the panel, what to do)
    "hints": ("Hints for a deep and thin student", to_the_end),
    "growing": ("A net that grows while it trains", growing),
    "flows": ("The flow between layers", to_the_end),
    "peers": ("Peers that learn from each other", to_the_end),
    "generations": ("Born again, and again", to_the_end),
    "precision": ("Low precision", precision),
    "branches": ("Branches on one trunk", to_the_end),
}
PANELS = {  # file -> (button, title of the panel, what to do before the picture is taken)
    "landscape": ("Landscape", "Where does distillation help?", landscape),
    "pad": ("Digit pad", "Digit pad", digit_pad),
    "compare": ("Compare", "Two methods side by side", to_the_end),
    "rewind": ("Compare", "Rewind", rewind),
    "live": ("Live", "Live distillation", live),
    "temperature": ("Temperature", "Temperature", temperature),
}


def main(folder: Path, names: list[str]) -> None:
    asked = names or [*PANELS, *IN_LAB]
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 1000})
        if set(asked) & set(PANELS):
            with running_app(Path(home)) as app:
                open_app(page, app)
                for name in (name for name in asked if name in PANELS):
                    button, title, act = PANELS[name]
                    page.get_by_role("button", name=button, exact=True).click()
                    shoot(page, title, act, folder / f"{name}.png")
        if set(asked) & set(IN_LAB):
            page.set_viewport_size({"width": 1400, "height": 1000})
            notebooks = Path(home) / "notebooks"
            notebooks.mkdir()
            write_notebook(notebooks / "shots.ipynb", CELLS)
            with running_lab(notebooks, Path(home) / "lab") as lab:
                open_and_run(page, lab, "shots.ipynb", seconds=100)
                for name in (name for name in asked if name in IN_LAB):
                    shoot(page, *IN_LAB[name], folder / f"{name}.png")


def shoot(page, title: str, act, path: Path) -> None:
    """Does what the panel of that title is for, and takes its picture."""
    found = panel(page, title)
    act(page, found)
    await_still_picture(page, found)
    path.write_bytes(take(page, found, path.stem))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
