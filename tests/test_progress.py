"""A bar is drawn where somebody looks, once a thread, and after two seconds."""

import contextlib
import io
from collections.abc import Iterator

from kdsurvey import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def terminal() -> Iterator[Terminal]:
    """In a test, not in a fixture: pytest sets the error stream between the two."""
    with contextlib.redirect_stderr(Terminal()) as stream:
        yield stream


def silent(**options) -> bool:
    with progress.bar(total=3, **options) as bar:
        return bool(bar.disable)


def test_only_the_outermost_bar_of_a_thread_is_drawn():
    with terminal():
        with progress.bar(total=3) as outer:
            assert not outer.disable and silent()
        assert not silent()


def test_it_can_be_left_out():
    with terminal():
        assert silent(show=False)
        with progress.bar(total=3, show=False):
            assert not silent()


def test_where_the_error_stream_is_no_terminal_it_is_silent():
    with contextlib.redirect_stderr(io.StringIO()):
        assert silent()


def test_it_appears_after_two_seconds_with_its_text_and_leaves_no_trace():
    with terminal() as stream:
        with progress.bar(total=4, text="training") as bar:
            bar.update(1)
            assert not stream.getvalue()
            bar.start_t -= 2.1  # as long ago as that
            bar.last_print_t -= 2.1
            bar.update(1)
            assert "training:  50%" in stream.getvalue()
        assert stream.getvalue().endswith("\r")


def test_a_silent_bar_hands_on_what_it_counts_too():
    assert list(progress.bar([3, 1, 2], show=False)) == [3, 1, 2]
    with progress.bar(total=3, show=False) as bar:
        assert bar.total == 3


def test_it_hands_on_what_it_counts():
    with terminal():
        assert list(progress.bar([3, 1, 2])) == [3, 1, 2]
        assert not silent()  # the first one has ended


def test_a_bar_iterates_and_is_silent_where_nobody_looks(capsys):
    assert list(progress.bar([1, 2, 3], text="t")) == [1, 2, 3]
    with (
        progress.bar(total=2, text="outer") as outer,
        progress.bar(total=1, text="inner") as inner,
    ):
        assert inner.disable
        outer.update()
    assert capsys.readouterr() == ("", "")


def test_a_notebooks_bar_has_a_text_that_never_changes():
    """In a real kernel: what is stored is the twin, whatever the bar showed."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    cell = new_code_cell(
        "from kdsurvey.progress import bar\n"
        "for k in bar(range(3), text='three'):\n"
        "    list(bar([1], text='in'))"
    )
    book = NotebookClient(new_notebook(cells=[cell]), kernel_name="python3").execute()
    (output,) = book.cells[0].outputs
    assert output["data"]["text/plain"] == "(progress: three)"


def test_a_notebooks_bar_that_is_over_is_out_of_view_and_not_closed():
    """A page may still be putting it up."""
    with progress._notebook_bar()(total=1, desc="one", leave=False) as bar:
        shown = bar.container.layout.display
        bar.update()
    assert (shown, bar.container.layout.display) == (None, "none")
    assert bar.container.comm is not None
