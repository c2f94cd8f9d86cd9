"""What every panel is built on: three faces, a picture and its tables, declared controls, a
status line, and errors that nobody can overlook.
"""

import html
import threading
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import ipywidgets as widgets
from traitlets import TraitError, Unicode

from kdsurvey.panels.kit import cells, controls, permalink
from kdsurvey.panels.kit.redraw import Painter
from kdsurvey.pictures import Canvas, Picture, Table
from kdsurvey.pictures.stored import smaller

# panels whose error nobody has asked for: the tests look here
unchecked: "weakref.WeakSet[Panel]" = weakref.WeakSet()

PAGE_WIDTH = 900  # width of a panel's picture in the browser, in CSS pixels

Drawn = Picture | tuple[bytes, Sequence[Table] | str]


class NamedImage(widgets.Image):
    """Image with alt text: ipywidgets renders `tooltip` as alt only when the model has a
    `description`.
    """

    description = Unicode("").tag(sync=True)


class Panel:
    """Controls, a picture, the same as tables, one line that says what is going on.

    In a running notebook it is a widget; reopened, exported or not trusted it is a
    picture; to a checker it is `text`, which never changes.

    A panel of its own kind sets `kind` (one word), `text` and `about` (the picture in
    words), declares its controls (see `controls`), and has `draw`, which returns a Picture,
    or PNG bytes and Tables. Of a panel can be read: `picture`, `png`, `table`, `status`,
    `state()`, `link`, `settings`, `redraws`, and `error`, the last thing that went wrong, in
    a control or in a background thread; `check()` raises it. Its controls are attributes of
    the names they were declared by. `close()` frees all widgets and threads.

    starts: name of a control -> the value it starts with, or the Control to use in place of
    the declared one, or beside them.
    """

    kind = "panel"
    text = "(a panel: run the notebook to use it)"
    about = "picture"

    def __init__(self, **starts: object):
        self.error: Exception | None = None
        self.redraws = 0
        self.picture: Picture | None = None
        self.table: list[Table] = []
        # one redraw at a time, and no change of state during it
        self._lock = threading.RLock()
        self._painter = Painter(self.redraw)
        self._canvas = Canvas()
        self._make_faces()
        self._make_controls(starts)
        self.say("Ready.")
        cells.made(self)

    def _make_faces(self) -> None:
        """Build all widgets that every panel has."""
        self.status_line = widgets.HTML()
        self.view = NamedImage(format="png", tooltip=self.about)
        self.table_view = widgets.HTML(layout={"display": "none"})
        layout = {"width": "auto", "flex": "none"}
        self.as_table = widgets.ToggleButton(
            description="Show as a table", layout=layout
        )
        self.as_link = widgets.ToggleButton(description="Permalink", layout=layout)
        # what the permalink box holds when the reader has put nothing there
        self._written = ""
        self.link_box = widgets.Text(
            description="Permalink",
            continuous_update=False,
            layout={"width": "100%", "display": "none"},
        )
        self.watch(self.as_table, lambda: _unfold(self.table_view, self.as_table.value))
        self.watch(self.as_link, self._show_link)
        self.watch(self.link_box, self._pasted)

    def _make_controls(self, starts: Mapping[str, object]) -> None:
        """Build the declared controls; one that chooses what is shown draws anew."""
        known = controls.declared(type(self), {})
        changes = {
            name: start
            if isinstance(start, controls.Control)
            else known[name].at(start)
            for name, start in starts.items()
        }
        self.declared = controls.declared(type(self), changes)
        made = {name: control.make() for name, control in self.declared.items()}
        self._made = made
        vars(self).update(made)
        self._kept = {name: controls.holder(control) for name, control in made.items()}
        names = [name for name, control in self.declared.items() if not control.view]
        self._settings_type = controls.settings_type(names)
        for name, control in self.declared.items():
            if control.view:
                self.watch(self._kept[name], self.refresh)

    # What the panel looks like.

    def arrange(
        self,
        title: str,
        *rows: widgets.Widget,
        picture: widgets.Widget | None = None,
        width: int = PAGE_WIDTH,
    ) -> None:
        """Put the panel together, the rows of controls on top, and draw it for the
        first time; errors in `draw` are raised.

        picture: what holds the picture and what stands beside it, where something does;
        width: of the picture, in CSS pixels.
        """
        self.view.layout.width = f"{width}px"
        name = html.escape(title)
        head = widgets.HTML(f'<strong style="font-size:14px">{name}</strong>')
        buttons = [self.as_table, self.as_link] if self._kept else [self.as_table]
        foot = widgets.HBox(
            [*buttons, self.status_line],
            layout={"align_items": "center", "grid_gap": "10px"},
        )
        frame = {
            "border": "1px solid #bdbdbd",
            "padding": "6px 12px 8px",
            "width": f"{PAGE_WIDTH + 28}px",
            "max_width": "100%",
        }
        parts = [
            head,
            *rows,
            picture or self.view,
            foot,
            self.table_view,
            self.link_box,
        ]
        self.box = widgets.VBox(parts, layout=frame)
        self._repaint()

    def draw(self) -> Drawn:
        """Return the picture, or its PNG bytes and the same as tables."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw now, on the calling thread."""
        with self._lock, self.guarded():
            self._repaint()

    def refresh(self) -> None:
        """Draw soon: many calls in a row make few redraws."""
        self._painter.ask()

    def settle(self) -> None:
        """Wait for the redraws that are due."""
        self._painter.settle()

    @property
    def png(self) -> bytes:
        """The picture as it is on the page, as PNG bytes."""
        return bytes(self.view.value)

    @property
    def html(self) -> str:
        """The tables as they are on the page."""
        return self.table_view.value

    # What its controls say.

    @property
    def settings(self) -> controls.Settings:
        """How the controls are set, an attribute each, but for those that choose what is
        shown.
        """
        names = (n for n, control in self.declared.items() if not control.view)
        return self._settings_type(**{name: self._kept[name].value for name in names})

    def words(self, settings: controls.Settings) -> str:
        """Say the settings in a sentence."""
        values = vars(settings)
        sentences = [self.declared[name].sentence(values[name]) for name in values]
        return ", ".join(filter(None, sentences))

    def keep(self, **kept: widgets.Widget) -> None:
        """Make controls that are not declared part of the state; to be called before
        `arrange`.
        """
        self._kept |= kept

    def state(self) -> dict:
        """Return what a permalink holds: name -> value of every control."""
        return {name: control.value for name, control in self._kept.items()}

    def restore(self, state: dict) -> None:
        """Set every control. Raises ValueError, and changes nothing, for other names or for
        values out of range.
        """
        if set(state) != set(self._kept):
            raise ValueError(
                f"a {self.kind} panel keeps {', '.join(self._kept)}; "
                f"the permalink has {', '.join(state)}"
            )
        before = {name: control.value for name, control in self._kept.items()}
        misfits = [name for name in state if not self._allows(name, state[name])]
        for name, value in () if misfits else state.items():
            with suppress(TraitError):
                self._kept[name].value = value
            if self._kept[name].value != value:
                Panel.restore(self, before)
                misfits.append(name)
                break
        if misfits:
            name = misfits[0]
            raise ValueError(f"{name} = {state[name]!r} is out of this panel's range")

    def _allows(self, name: str, value: object) -> bool:
        declared = self.declared.get(name)
        if declared:
            return declared.allows(value)
        return type(value) is type(self._kept[name].value)

    @property
    def link(self) -> str:
        """The panel's whole state as one string; paste it into the permalink box of
        another panel of this kind.
        """
        return permalink.write(self.kind, self.state())

    def paste(self, text: str) -> None:
        """Take a permalink: the panel becomes as it was when the string was made. Raises
        ValueError for one that does not fit.
        """
        self.error = None
        link = permalink.read(text)
        if link.kind != self.kind:
            raise ValueError(
                f"this permalink is for a {link.kind} panel, "
                f"this panel is a {self.kind} panel"
            )
        versions = permalink.other_versions(link)
        self.say("The panel is as the permalink has it. " + versions)
        self.restore(link.state)
        self.refresh()

    # What it says, and what went wrong.

    def watch(self, control: widgets.Widget, act: Callable[[], None]) -> None:
        """Call act() when the control's value changes; its errors are kept and shown."""
        control.observe(lambda change: self._safely(act), "value")

    def click(self, control: widgets.Button, act: Callable[[], None]) -> None:
        """Call act() when the button is pressed; its errors are kept and shown."""
        control.on_click(lambda button: self._safely(act))

    @property
    def status(self) -> str:
        """The sentence on the status line."""
        return self._status

    def say(self, sentence: str) -> None:
        """Put a sentence on the status line, which screen readers read out."""
        self._status = sentence
        colour = "#b00020" if self.error else "inherit"
        style = f"color:{colour};line-height:1.35"
        words = html.escape(sentence)
        self.status_line.value = f'<span role="status" style="{style}">{words}</span>'

    def describe(self, sentence: str) -> None:
        """Say what the picture shows, once the reader has gone on from what went wrong."""
        if self.error is None:
            self.say(sentence)

    def fail(self, error: Exception) -> None:
        """Keep an error and show it."""
        self.error = error
        unchecked.add(self)
        self.say(
            f"Failed: {error}" if str(error) else f"Failed: {type(error).__name__}"
        )

    def check(self) -> None:
        """Raise what went wrong, if something did."""
        unchecked.discard(self)
        if self.error:
            raise self.error

    def end(self) -> None:
        """Ask what runs in the background to end; returns at once."""

    def close(self) -> None:
        """End what the panel does in the background, and free its widgets."""
        self.settle()
        for part in vars(self).values():
            if isinstance(part, widgets.Widget) and part.comm is not None:
                free(part)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Keep and show what is raised inside."""
        try:
            yield
        except Exception as error:
            self.fail(error)

    def _safely(self, act: Callable[[], None]) -> None:
        """Do what the reader asks; what went wrong before is over with that."""
        self.error = None
        with self.guarded():
            act()

    def _repaint(self) -> None:
        drawn = self.draw()
        if isinstance(drawn, Picture):
            self.picture = drawn
            drawn = self._canvas.png(drawn), drawn.tables
        if self.as_link.value:  # before the picture: who sees that may paste another
            self._written = self.link_box.value = self.link
        self.view.value, tables = drawn
        if isinstance(tables, str):
            self.table_view.value = tables
        else:
            self.table = list(tables)
            self.table_view.value = "".join(table.html() for table in tables)
        self.redraws += 1

    def _show_link(self) -> None:
        self._written = self.link_box.value = self.link
        _unfold(self.link_box, self.as_link.value)

    def _pasted(self) -> None:
        """Ignore the link that the panel wrote itself; anything else was pasted."""
        if self.link_box.value != self._written:
            self.paste(self.link_box.value)

    @property
    def still(self) -> Picture | None:
        """The picture that stands for a panel that nobody runs, where it is one."""
        return self.picture

    def face(self) -> dict[str, str]:
        """Return what stands for a panel that nobody runs: MIME type -> content."""
        self.settle()
        return {"image/png": b64encode(smaller(self.png)).decode()}

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        live = {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": self.text,
        }
        return live | self.face(), {"image/png": {"alt": self.about}}


def free(widget: widgets.Widget) -> None:
    """Close a widget and all that it holds: children, layout, style."""
    for name in widget.keys:
        value = getattr(widget, name)
        parts = value if isinstance(value, list | tuple) else [value]
        for part in parts:
            if isinstance(part, widgets.Widget) and part.comm is not None:
                free(part)
    widget.close()


def _unfold(part: widgets.Widget, shown: bool) -> None:
    part.layout.display = "" if shown else "none"
