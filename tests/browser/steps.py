"""What a reader does in JupyterLab: open a notebook, run it, look for a panel; and what
a screen reader finds there.
"""

import os

from browser.lab import HERE

ERRORS = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']"
RAN = f"""() => document.querySelector("{ERRORS}")
    || [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(
        prompt => /\\d+/.test(prompt.textContent))"""
OUTPUT = ".jp-OutputArea-output:not(.jp-RenderedImage)"  # also in the app
CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "image",
    "img",
    "radio",
    "slider",
    "spinbutton",
    "switch",
    "textbox",
}


POLLING = 100  # ms; unasked, the page would be looked at, and drawn, 60 times a second


def open_and_run(page, lab, name: str, seconds: float = 50) -> None:
    """Opens a notebook and runs all its cells; fails with the traceback when one of them fails."""
    page.goto(lab.page_of(name))
    page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for()
    page.get_by_text(
        "| Idle"
    ).wait_for()  # the status bar knows when there is a kernel; the notebook's own light does not
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
    page.wait_for_function(RAN, timeout=1000 * seconds, polling=POLLING)
    failed = page.locator(ERRORS)
    assert failed.count() == 0, failed.first.inner_text()
    page.wait_for_function(
        """() => [...document.querySelectorAll('.widget-image')].every(
            image => image.naturalWidth > 0)""",
        polling=POLLING,
    )


def picture(found) -> str:
    """The address of the panel's picture, which is new for every redraw."""
    return found.locator("img.widget-image").get_attribute("src")


def await_new_picture(page, found, old: str) -> str:
    image = found.locator("img.widget-image").element_handle()
    page.wait_for_function(
        "([image, old]) => image.src !== old && image.naturalWidth > 0",
        arg=[image, old],
        polling=POLLING,
    )
    return picture(found)


def await_still_picture(page, found) -> str:
    """Wait until the picture stays: a panel says first that its run has ended, then draws."""
    old, now = None, picture(found)
    while old != now:
        page.wait_for_timeout(2000)
        old, now = now, picture(found)
    return now


def status(found):
    return found.get_by_role("status")


def outputs_tree(page) -> list[tuple[str, str]]:
    """(role, name) of every control and of every panel's picture, from the browser's
    accessibility tree.

    Plain pictures are left out: JupyterLab gives them no alternative text, whatever the
    notebook says.
    """
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("Accessibility.enable")
    root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    asked = {"nodeId": root, "selector": OUTPUT}
    inside = set()
    for output in session.send("DOM.querySelectorAll", asked)["nodeIds"]:
        whole = session.send("DOM.describeNode", {"nodeId": output, "depth": -1})
        inside.update(_ids(whole["node"]))
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    shown = [
        n for n in tree if not n["ignored"] and n.get("backendDOMNodeId") in inside
    ]
    said = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in shown]
    return [(role, name) for role, name in said if role in CONTROLS]


def _ids(node: dict) -> list[int]:
    """The numbers of a node of the page and of all below it."""
    below = [number for child in node.get("children", ()) for number in _ids(child)]
    return [node["backendNodeId"], *below]


def panel(page, title: str):
    """The panel with this title, in a notebook or in the app."""
    return page.locator(f".widget-vbox:has(> .widget-html strong:text-is('{title}'))")


def pixels(page, found) -> str:
    """A hash of the panel's picture, which is equal for equal pictures."""
    image = found.locator("img.widget-image").element_handle()
    return page.evaluate(
        """async (image) => {
            const bytes = await (await fetch(image.src)).arrayBuffer()
            const hash = await crypto.subtle.digest('SHA-256', bytes)
            return [...new Uint8Array(hash)].map(b => b.toString(16)).join('')
        }""",
        image,
    )


def permalink(found) -> str:
    """The string that the panel offers."""
    found.get_by_role("button", name="Permalink").click()
    box = found.get_by_role("textbox", name="Permalink")
    box.wait_for()
    return box.input_value()


def open_app(page, app, link: str = "") -> None:
    """Opens the app, as the permalink has it where there is one, and waits until it is there."""
    # the page comes when its cell has run
    page.goto(f"{app.url}/?kd={link}" if link else app.url)
    page.get_by_role("button", name="Landscape", exact=True).wait_for()


# What is folded is not in view, and cannot be photographed
UNFOLD = "window.jupyterapp.commands.execute('notebook:expand-all-headings')"


def check_widgets(page, shots, name: str) -> None:
    """Look for errors, foreign hosts and controls without a name on the page as it is."""
    page.evaluate(UNFOLD)
    page.screenshot(path=shots / f"{name}.png")
    if "KDSURVEY_SHOTS" in os.environ:
        outputs = page.locator(".jp-OutputArea-output:has(.jupyter-widgets)").all()
        for k, output in enumerate(outputs):
            output.screenshot(path=shots / f"{name}_{k}.png")
    controls = outputs_tree(page)
    sliders = [name for role, name in controls if role == "slider"]
    boxes = [name for role, name in controls if role == "spinbutton" and name]
    assert controls
    # ipywidgets gives a slider's handle no name: the number box beside it has it
    assert [role for role, name in controls if not name and role != "slider"] == []
    assert len(boxes) >= len(sliders)
    assert page.watch.errors == []
    assert page.watch.hosts <= HERE
