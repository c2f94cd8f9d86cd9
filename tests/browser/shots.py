"""Takes the README's pictures of the panels from the running app: `python tests/browser/shots.py docs`, or `make shots`."""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from lab import FLAGS, browser_path, running_app
from PIL import Image
from playwright.sync_api import sync_playwright
from steps import await_new_picture, open_app, panel, picture

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


def landscape(page, found) -> None:
    finish(found)
    found.locator("button[title*='T = 4, alpha = 0.25']").click()


def digit_pad(page, found) -> None:
    set_number(page, found, "Share of it", "0.45")


def compare(page, found) -> None:
    finish(found)


def rewind(page, found) -> None:
    if found.get_by_text("Nothing to rewind yet").first.is_visible():
        finish(panel(page, "Two methods side by side"))
    set_number(page, found, "Epoch", "3")


def live(page, found) -> None:
    old = picture(found)
    found.get_by_role("button", name="Start", exact=True).click()
    for name, value in (("Temperature T", "12"), ("Learning rate", "0.03"), ("Weight alpha", "0.5")):
        page.wait_for_timeout(1800)
        found.get_by_label(name, exact=True).fill(value)
        found.get_by_label(name, exact=True).press("Tab")
    await_new_picture(page, found, old)
    page.wait_for_timeout(1500)
    found.get_by_role("button", name="Stop", exact=True).click()
    found.get_by_role("status").get_by_text("Stopped").wait_for()


def temperature(page, found) -> None:
    found.get_by_role("button", name="next image").click()


PANELS = {  # file -> (button, title of the panel, what to do before the picture is taken)
    "landscape": ("Landscape", "Where does distillation help?", landscape),
    "pad": ("Digit pad", "Digit pad", digit_pad),
    "compare": ("Compare", "Two methods side by side", compare),
    "rewind": ("Compare", "Rewind", rewind),
    "live": ("Live", "Live distillation", live),
    "temperature": ("Temperature", "Temperature", temperature),
}


def main(folder: Path, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home, running_app(Path(home)) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 1000})
        open_app(page, app)
        for name in names or PANELS:
            button, title, act = PANELS[name]
            page.get_by_role("button", name=button, exact=True).click()
            found = panel(page, title)
            act(page, found)
            (folder / f"{name}.png").write_bytes(take(page, found, name))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
