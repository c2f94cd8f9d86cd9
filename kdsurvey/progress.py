"""A progress bar for anything over two seconds: in a terminal, in a notebook, and
silent where nobody looks.

In a notebook the bar is a widget whose stored text never changes, so that a notebook
can be checked by running it again.
"""

import sys
import threading

from tqdm import tqdm

_shown = threading.local()  # only the outermost bar of a thread is drawn


def bar(iterable=None, *, total: int | None = None, text: str = "", show: bool = True):
    """A tqdm bar over `iterable`, or over `total` calls of update(1); a context
    manager. `text` says what is going on.

    In a terminal it appears after two seconds and leaves no trace; where the error
    stream is no terminal it is silent; inside another bar of the same thread, or with
    show=False, it is silent too.
    """
    options = {"iterable": iterable, "total": total, "desc": text, "leave": False}
    if not show or getattr(_shown, "bar", None) is not None:
        return tqdm(**options, disable=True)
    return _outermost(_notebook_bar() if _in_kernel() else tqdm)(
        **options, delay=0 if _in_kernel() else 2, disable=None
    )


def _outermost(kind):
    class Outermost(kind):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            if not self.disable:  # a silent one is not seen, nor closed by its loop
                _shown.bar = self

        def close(self):
            if getattr(_shown, "bar", None) is self:
                _shown.bar = None
            super().close()

    return Outermost


def _notebook_bar():
    from IPython.display import display
    from tqdm.notebook import tqdm_notebook

    class NotebookBar(tqdm_notebook):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **{**kwargs, "display": False, "disable": False})
            view = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.container.model_id,
            }
            twin = f"(progress: {kwargs['desc']})"
            display(
                {"application/vnd.jupyter.widget-view+json": view, "text/plain": twin},
                raw=True,
            )
            self.displayed = True

        def display(self, msg=None, pos=None, close=False, **options):
            """Hide a bar that is over: the page may still be putting it up, and a widget
            that is closed meanwhile is an error there.
            """
            super().display(msg, pos, **options)
            if close:
                self.container.layout.display = "none"

    return NotebookBar


def _in_kernel() -> bool:
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return bool(shell) and hasattr(shell, "kernel")
