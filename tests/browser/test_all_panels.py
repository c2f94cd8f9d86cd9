"""All panels on one page, in a real JupyterLab and as the app: draw, train, press a cell, stop,
rewind, hand on a permalink.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from browser.lab import HERE, watched
from browser.steps import (
    await_new_picture,
    await_still_picture,
    open_and_run,
    open_app,
    outputs_tree,
    panel,
    permalink,
    picture,
    pixels,
    status,
)
from playwright.sync_api import Error

pytestmark = pytest.mark.timeout(300)


def show(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def copied(lab, name: str) -> str:
    """Return the name of a copy of the notebook of all panels, with a kernel of its own."""
    shutil.copy(lab.folder / "all_panels.ipynb", lab.folder / name)
    return name


def until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def stop(found) -> None:
    """Press Stop, and wait until the panel says that it stopped before its end."""
    found.get_by_role("button", name="Stop", exact=True).press("Enter")
    found.get_by_role("status").get_by_text("Stopped").wait_for()


def gone(kernel) -> bool:
    return not kernel.is_running() or kernel.status() == "zombie"


def stroke(page, found) -> None:
    """A vertical stroke through the middle of the drawing field."""
    field = found.locator("canvas").bounding_box()
    x, y = field["x"] + field["width"] / 2, field["y"] + field["height"] / 5
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, 13):
        page.mouse.move(x, y + k * field["height"] / 20)
    page.mouse.up()


class Everywhere:
    """What holds in JupyterLab and in the app, on one page that is opened once."""

    def test_draw_and_nudge(self, all_panels, shots):
        page = all_panels
        show(page, "Digit pad")
        found = panel(page, "Digit pad")
        found.get_by_text(
            "Draw with mouse, finger or pen"
        ).wait_for()  # the drawing field is there
        found.get_by_role("button", name="Clear").press("Enter")
        found.get_by_role("status").get_by_text("The field is empty").wait_for()
        old = picture(found)
        stroke(page, found)
        found.get_by_role("status").get_by_text("Teacher: 1 (").wait_for()
        old = await_new_picture(page, found, old)
        found.get_by_role("button", name="turn right").press("Enter")
        old = await_new_picture(page, found, old)
        temperature = found.get_by_label("Temperature T")
        temperature.fill("20")
        temperature.press("Tab")
        await_new_picture(page, found, old)
        page.screenshot(path=shots / "pad.png")
        assert page.watch.errors == [] and page.watch.hosts <= HERE

    def test_train_press_a_cell_and_stop(self, all_panels, shots):
        page = all_panels
        show(page, "Landscape")
        found = panel(page, "Where does distillation help?")
        found.get_by_label("First seed").fill("100")  # nothing is recorded for it
        found.get_by_label("First seed").press("Tab")
        found.get_by_role("status").get_by_text("nothing has run here yet").wait_for()
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        found.get_by_text("Seed 2 of 10").wait_for()
        cells = found.locator("button[title^='T = ']")  # one seed: no verdict yet
        assert cells.count() == 30
        old = picture(found)
        cells.nth(29).press("Enter")
        found.get_by_role("status").get_by_text("T = 32, alpha = 1").wait_for()
        await_new_picture(page, found, old)
        page.screenshot(path=shots / "landscape.png")
        stop(found)
        assert page.watch.errors == [] and page.watch.hosts <= HERE

    def test_compare_and_rewind(self, all_panels, shots):
        page = all_panels
        show(page, "Compare")
        found, film = panel(page, "Two methods side by side"), panel(page, "Rewind")
        film.get_by_role("status").get_by_text("Nothing to rewind yet").wait_for()
        old = picture(found)
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        old = await_new_picture(page, found, old)
        found.get_by_role("status").get_by_text("Finished").wait_for()
        await_still_picture(page, found)
        found.screenshot(path=shots / "compare.png")
        old = picture(film)
        epoch = film.get_by_label("Epoch", exact=True)
        epoch.fill("1")
        epoch.press("Tab")
        await_new_picture(page, film, old)
        assert "epoch 1" in status(film).inner_text().lower()
        film.screenshot(path=shots / "rewind.png")
        assert page.watch.errors == [] and page.watch.hosts <= HERE

    def test_a_permalink_makes_the_same_picture(self, all_panels):
        page = all_panels
        show(page, "Landscape")
        found = panel(page, "Where does distillation help?")
        found.get_by_label("First seed").fill(
            "0"
        )  # the map that comes with the package
        found.get_by_label("First seed").press("Tab")
        found.locator("button[title*='T = 8, alpha = 1']").press("Enter")
        found.get_by_role("status").get_by_text("T = 8, alpha = 1").wait_for()
        await_still_picture(page, found)
        wanted, link = pixels(page, found), permalink(found)
        found.locator("button[title*='T = 1, alpha = 0.5']").press("Enter")
        found.get_by_role("status").get_by_text("T = 1, alpha = 0.5").wait_for()
        until(lambda: pixels(page, found) != wanted)
        found.get_by_role("textbox", name="Permalink").fill(link)
        found.get_by_role("textbox", name="Permalink").press("Enter")
        found.get_by_role("status").get_by_text("T = 8, alpha = 1").wait_for()
        until(lambda: pixels(page, found) == wanted)
        found.get_by_role("textbox", name="Permalink").fill("kd1.landscape.rubbish")
        found.get_by_role("textbox", name="Permalink").press("Enter")
        found.get_by_role("status").get_by_text(
            "is no permalink; copy the whole string"
        ).wait_for()
        assert page.watch.errors == []

    def test_ten_starts_and_stops_leave_nothing(self, all_panels):
        page, kernel = all_panels, all_panels.kernel
        show(page, "Live")
        found = panel(page, "Live distillation")

        def once() -> None:
            old = picture(found)
            found.get_by_role("button", name="Start", exact=True).press("Enter")
            await_new_picture(page, found, old)
            stop(found)

        for _ in range(3):  # set up once
            once()
        page.wait_for_timeout(1000)
        threads, memory = kernel.num_threads(), kernel.memory_info().rss
        for _ in range(10):
            once()
        page.wait_for_timeout(1000)
        assert kernel.num_threads() <= threads
        assert kernel.memory_info().rss - memory < 50 * 2**20


class TestInTheApp(Everywhere):
    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, app, chromium) -> Iterator:
        """A page with all panels; `page.kernel` is its kernel."""
        with watched(chromium) as page:
            open_app(page, app)
            page.kernel = app.kernels()[-1]
            yield page

    def test_a_finger_draws_and_the_page_stays_where_it_is(self, app, chromium):
        with watched(chromium, 800, 600, has_touch=True) as phone:
            open_app(phone, app)
            show(phone, "Digit pad")
            found = panel(phone, "Digit pad")
            found.get_by_role("button", name="Clear").tap()
            found.get_by_role("status").get_by_text("The field is empty").wait_for()
            found.locator("canvas").scroll_into_view_if_needed()
            field = found.locator("canvas").bounding_box()
            finger = phone.context.new_cdp_session(phone)
            points = [
                {
                    "x": field["x"] + field["width"] / 2,
                    "y": field["y"] + field["height"] * (4 + k) / 20,
                }
                for k in range(12)
            ]
            finger.send(
                "Input.dispatchTouchEvent",
                {"type": "touchStart", "touchPoints": points[:1]},
            )
            for point in points[1:]:
                finger.send(
                    "Input.dispatchTouchEvent",
                    {"type": "touchMove", "touchPoints": [point]},
                )
            finger.send(
                "Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}
            )
            found.get_by_role("status").get_by_text("Teacher: 1 (").wait_for()
            assert found.locator("canvas").bounding_box() == field

    def test_a_live_run_is_made_again_from_the_address(self, page, app, chromium):
        open_app(page, app)
        show(page, "Live")
        found = panel(page, "Live distillation")
        old = picture(found)
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        await_new_picture(page, found, old)
        found.get_by_label("Temperature T").fill("12")
        found.get_by_label("Temperature T").press("Tab")
        found.get_by_role("button", name="Show as a table").click()
        found.get_by_text("T = 12", exact=True).wait_for()
        stop(found)
        said = status(found).inner_text()
        await_still_picture(page, found)
        wanted, link = pixels(page, found), permalink(found)
        open_app(page, app, link)
        found = panel(page, "Live distillation")
        found.get_by_role("status").get_by_text(said, exact=True).wait_for()
        until(lambda: pixels(page, found) == wanted)
        assert page.watch.errors == []

    def test_everything_has_a_name(self, all_panels):
        page = all_panels
        for name in ("Landscape", "Digit pad", "Compare", "Live", "Temperature"):
            show(page, name)
            page.wait_for_timeout(300)
            controls = outputs_tree(page)
            assert len(controls) > 12
            assert [
                role for role, said in controls if not said and role != "slider"
            ] == []
            assert page.get_by_role("status").first.is_visible()
            assert page.get_by_role("button", name="Show as a table").first.is_visible()
        assert page.locator(".jp-InputArea").count() == 0  # no code on a projector
        assert page.watch.errors == [] and page.watch.hosts <= HERE

    def test_two_people_at_once_and_a_closed_page_frees_its_kernel(
        self, page, app, chromium
    ):
        open_app(page, app)
        mine = app.kernels()[-1]
        with watched(chromium) as other:
            open_app(other, app)
            others = app.kernels()[-1]
            assert mine != others
            for visitor in (page, other):
                show(visitor, "Live")
                found = panel(visitor, "Live distillation")
                found.get_by_role("button", name="Start", exact=True).press("Enter")
            old = picture(panel(page, "Live distillation"))
            await_new_picture(other, found, picture(found))
            other.close(run_before_unload=True)
            until(lambda: gone(others), 60)  # well before idle kernels are culled
        await_new_picture(page, panel(page, "Live distillation"), old)  # mine goes on
        assert mine.is_running() and page.watch.errors == []

    def test_a_browser_that_dies_frees_its_kernel(self, app, page):
        open_app(page, app)
        kernel = app.kernels()[-1]
        with suppress(Error):
            page.goto("chrome://crash", timeout=2000)
        until(lambda: gone(kernel), seconds=60)


class TestInTheLab(Everywhere):
    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, lab, chromium) -> Iterator:
        """A page with all panels; `page.kernel` is its kernel."""
        with watched(chromium) as page:
            open_and_run(page, lab, "all_panels.ipynb")
            page.kernel = lab.kernels()[-1]
            yield page

    def test_a_closed_tab_loses_nothing(self, page, lab, chromium):
        """The kernel trains on; whoever opens the notebook again finds the panel as it is now,
        also where its cells ran twice.
        """
        name = copied(lab, "closed.ipynb")
        for _ in range(2):
            open_and_run(page, lab, name)
        show(page, "Live")
        found = panel(page, "Live distillation")
        old = picture(found)
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        await_new_picture(page, found, old)
        stored = (lab.folder / name).stat().st_mtime_ns
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.locator(".lm-Menu-item[data-command='docmanager:save']").click()
        until(lambda: (lab.folder / name).stat().st_mtime_ns > stored)
        again = page.context.new_page()
        page.close()
        again.goto(lab.page_of(name))
        found = panel(again, "Live distillation")
        found.wait_for()
        old = picture(found)
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        await_new_picture(again, found, old)
        stop(found)

    def test_a_restarted_kernel_hangs_nothing(self, page, lab):
        name = copied(lab, "restarted.ipynb")
        open_and_run(page, lab, name)
        show(page, "Live")
        found = panel(page, "Live distillation")
        old, before = picture(found), lab.kernels()[-1]
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        await_new_picture(page, found, old)
        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.locator(".lm-Menu-item[data-command='kernelmenu:restart']").click()
        page.get_by_role("button", name="Confirm Kernel Restart").click()
        until(lambda: before not in lab.kernels())
        open_and_run(page, lab, name)
        show(page, "Live")
        found = panel(page, "Live distillation")
        found.get_by_role("button", name="Start", exact=True).press("Enter")
        found.get_by_role("status").get_by_text("Training").wait_for()
        stop(found)
