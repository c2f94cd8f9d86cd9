"""What every panel is built on: three faces, a picture and its table, a status line,
and errors that nobody can overlook.
"""

import html
import threading
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import ipywidgets as widgets
from traitlets import TraitError, Unicode

from kdsurvey.panels.kit import permalink
from kdsurvey.panels.kit.charts import PAGE_WIDTH
from kdsurvey.panels.kit.redraw import Painter

unchecked: "weakref.WeakSet[Panel]" = (
    weakref.WeakSet()
)  # panels whose error nobody has asked for: the tests look here


class Picture(widgets.Image):
    """An image with a name for screen readers, its tooltip, which the page shows only
    where there is a description too.
    """

    description = Unicode("").tag(sync=True)


class Panel:
    """Controls, a picture, the same as a table, one line that says what is going on.

    In a running notebook it is a widget; reopened, exported or not trusted it is a
    picture; to a checker it is `text`, which never changes. `error` is the last thing
    that went wrong, in a control or in a background thread; `check()` raises it. A
    panel of its own kind sets `kind` (one word), `text` and `about` (the picture in
    words), has `draw`, which returns (PNG, HTML table), and names with `keep` the
    controls that make up its state, which `link` holds as one string.
    """

    kind = "panel"
    text = "(a panel: run the notebook to use it)"
    about = "picture"

    def __init__(self):
        self.error: Exception | None = None
        self.redraws = 0
        self._kept: dict[str, widgets.Widget] = {}
        self._written = (
            ""  # what the permalink box holds when the reader has put nothing there
        )
        self._lock = (
            threading.RLock()
        )  # one redraw at a time, and no change of state during it
        self._painter = Painter(self.redraw)
        self._status = widgets.HTML()
        self._picture = Picture(format="png", tooltip=self.about)
        self._table = widgets.HTML(layout={"display": "none"})
        self._as_table = widgets.ToggleButton(
            description="Show as a table", layout={"width": "auto", "flex": "none"}
        )
        self._as_link = widgets.ToggleButton(
            description="Permalink", layout={"width": "auto", "flex": "none"}
        )
        self._link = widgets.Text(
            description="Permalink",
            continuous_update=False,
            layout={"width": "100%", "display": "none"},
        )
        self.watch(self._as_table, lambda: _unfold(self._table, self._as_table.value))
        self.watch(self._as_link, self._show_link)
        self.watch(self._link, self._pasted)
        self.say("Ready.")

    def arrange(
        self,
        title: str,
        *rows: widgets.Widget,
        picture: widgets.Widget | None = None,
        width: int = PAGE_WIDTH,
    ) -> None:
        """Puts the panel together, the rows of controls on top, and draws it for the
        first time; what that raises comes out.

        picture: what holds the picture and what stands beside it, where something does;
        width: of the picture, in CSS pixels.
        """
        self._picture.layout.width = f"{width}px"
        head = widgets.HTML(
            f'<strong style="font-size:14px">{html.escape(title)}</strong>'
        )
        buttons = [self._as_table, self._as_link] if self._kept else [self._as_table]
        foot = widgets.HBox(
            [*buttons, self._status],
            layout={"align_items": "center", "grid_gap": "10px"},
        )
        frame = {
            "border": "1px solid #bdbdbd",
            "padding": "6px 12px 8px",
            "width": f"{PAGE_WIDTH + 28}px",
            "max_width": "100%",
        }
        self.box = widgets.VBox(
            [head, *rows, picture or self._picture, foot, self._table, self._link],
            layout=frame,
        )
        self._repaint()

    def draw(self) -> tuple[bytes, str]:
        """The picture as PNG bytes, and the same as an HTML table."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draws now, on the calling thread."""
        with self._lock, self.guarded():
            self._repaint()

    def refresh(self) -> None:
        """Draws soon: many calls in a row make few redraws."""
        self._painter.ask()

    def settle(self) -> None:
        """Waits for the redraws that are due."""
        self._painter.settle()

    def keep(self, **controls: widgets.Widget) -> None:
        """Names the controls whose values are the panel's state; call it before `arrange`."""
        self._kept |= controls

    def state(self) -> dict:
        """What a permalink holds: name -> value of every kept control."""
        return {name: control.value for name, control in self._kept.items()}

    def restore(self, state: dict) -> None:
        """Sets every kept control. Raises ValueError, and changes nothing, for other
        names or for values out of range.
        """
        if set(state) != set(self._kept):
            raise ValueError(
                f"a {self.kind} panel keeps {', '.join(self._kept)}; the permalink has {', '.join(state)}"
            )
        before = {name: control.value for name, control in self._kept.items()}
        for name, value in state.items():
            with suppress(TraitError):
                self._kept[name].value = value
            if self._kept[name].value != value:
                Panel.restore(self, before)
                raise ValueError(f"{name} = {value!r} is out of this panel's range")

    @property
    def link(self) -> str:
        """The panel's whole state as one string; paste it into the permalink box of
        another panel of this kind.
        """
        return permalink.write(self.kind, self.state())

    def watch(self, control: widgets.Widget, act: Callable[[], None]) -> None:
        """Calls act() when the control's value changes; what it raises is kept and shown."""
        control.observe(lambda change: self._safely(act), "value")

    def click(self, control: widgets.Button, act: Callable[[], None]) -> None:
        """Calls act() when the button is pressed; what it raises is kept and shown."""
        control.on_click(lambda button: self._safely(act))

    @property
    def status(self) -> str:
        """What the status line says."""
        return self._said

    def say(self, sentence: str) -> None:
        """Puts a sentence on the status line, which screen readers read out."""
        self._said = sentence
        colour = "#b00020" if self.error else "inherit"
        self._status.value = f'<span role="status" style="color:{colour};line-height:1.35">{html.escape(sentence)}</span>'

    def fail(self, error: Exception) -> None:
        """Keeps an error and shows it."""
        self.error = error
        unchecked.add(self)
        self.say(
            f"Failed: {error}" if str(error) else f"Failed: {type(error).__name__}"
        )

    def check(self) -> None:
        """Raises what went wrong, if something did."""
        unchecked.discard(self)
        if self.error:
            raise self.error

    def close(self) -> None:
        """Ends what the panel does in the background."""
        self.settle()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """What is raised inside is kept and shown."""
        try:
            yield
        except Exception as error:
            self.fail(error)

    def _safely(self, act: Callable[[], None]) -> None:
        with self.guarded():
            act()

    def _repaint(self) -> None:
        self._picture.value, self._table.value = self.draw()
        self.redraws += 1
        if self._as_link.value:
            self._written = self._link.value = self.link

    def _show_link(self) -> None:
        self._written = self._link.value = self.link
        _unfold(self._link, self._as_link.value)

    def paste(self, text: str) -> None:
        """Takes a permalink: the panel becomes as it was when the string was made.
        ValueError for one that does not fit.
        """
        self.error = None
        link = permalink.read(text)
        if link.kind != self.kind:
            raise ValueError(
                f"this permalink is for a {link.kind} panel, this panel is a {self.kind} panel"
            )
        self.say(
            "The panel is as the permalink has it. " + permalink.other_versions(link)
        )
        self.restore(link.state)
        self.refresh()

    def _pasted(self) -> None:
        """Another string in the box is one that the reader has put there."""
        if self._link.value != self._written:
            self.paste(self._link.value)

    def __repr__(self) -> str:
        return self.text

    def _still(self) -> dict:
        """The face of a panel that nobody runs."""
        self.settle()
        return {"image/png": b64encode(self._picture.value).decode()}

    def _repr_mimebundle_(self, include=None, exclude=None):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        live = {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": self.text,
        }
        return live | self._still(), {"image/png": {"alt": self.about}}


def _unfold(part: widgets.Widget, shown: bool) -> None:
    part.layout.display = "" if shown else "none"
