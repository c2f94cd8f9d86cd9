"""What a page shows: pictures with twins, tables, sources, and the check of the
machine.
"""

import base64
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kdsurvey import claims, data, losses, machine, page, plots

ROWS = pd.DataFrame(
    {"arm": ["a", "a", "b", "b"], "seed": [0, 1, 0, 1], "errors": [10, 14, 30, 30]}
)


@pytest.mark.parametrize(
    "picture",
    [
        plots.arms(ROWS, "errors", title="Errors", xlabel="errors"),
        plots.lines(
            [1, 2, 4],
            {"one": [1, 2, 3], "three": np.ones((3, 3))},
            title="T",
            xlabel="temperature",
            ylabel="nats",
        ),
        plots.images(np.zeros((3, 8, 8)), ["0", "1", "2"], title="Digits"),
        plots.grouped(
            {"before": [0.1, 0.2], "after": [0.3, 0.4]},
            ["0", "1"],
            title="Recall",
            xlabel="digit",
            ylabel="share",
        ),
    ],
    ids=["arms", "lines", "images", "grouped"],
)
def test_a_picture_is_a_png_and_words(picture):
    bundle, about = picture._repr_mimebundle_()
    assert (
        base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
        and bundle["text/plain"] == repr(picture) == picture.about
    )
    assert about["image/png"]["alt"] == picture.about
    for chart in picture.charts.values():
        assert chart.x.label or chart.frame == "none"


def test_twins_tell_figures_only_where_they_are_asked_to():
    assert (
        "12.0 ± 2.8 (n = 2)"
        in plots.arms(ROWS, "errors", title="E", xlabel="errors").about
    )
    options = {"title": "t", "xlabel": "x", "ylabel": "y"}
    assert "7.25" not in plots.lines([1, 2], {"s": [7.25, 1]}, **options).about
    assert (
        "7.25" in plots.lines([1, 2], {"s": [7.25, 1]}, numbers=True, **options).about
    )


def test_neighbouring_colours_differ_for_every_kind_of_colour_vision():
    """Machado's matrices for the three dichromacies; the smallest distance in CIELAB
    between the first four colours.
    """
    rgb = np.array(
        [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in plots.COLOURS[:4]]
    )
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    for matrix in (np.eye(3), *MACHADO):
        lab = _lab(np.clip(linear @ np.array(matrix).T, 0, 1))
        apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + 1e9 * np.eye(4)
        assert apart.min() > 10


MACHADO = (
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
)


def _lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1
    )


def test_source_is_the_source():
    assert "torch.softmax(_cooled(z, T), -1)" in repr(page.source(losses.soften))
    assert "equation 1" in losses.soften.__doc__ and "equation 1" not in repr(
        page.source(losses.soften)
    )
    compile(repr(page.source(losses, losses.soften, page.Source)), "shown", "exec")
    bundle = page.source(losses.soften)._repr_mimebundle_()
    assert bundle["text/markdown"].startswith("```python\ndef soften")


def test_the_card_of_a_page_asks_in_words():
    card = page.questions("P2a", "O2a")
    rows = [claims.row(id) for id in ("P2a", "O2a")]
    text = repr(card)
    assert all(f"**{row.id}** | {row.says} |" in text for row in rows)
    assert rows[0].compares in text and "algebra" in text
    assert card._repr_mimebundle_()["text/markdown"] == text
    with pytest.raises(ValueError, match="P2z"):
        page.questions("P2z")


def test_agreement_bites():
    live = [{"arm": "a", "errors": 13}, {"arm": "b", "errors": 60}]
    assert (
        page.agreement(live, ROWS, "errors", slack=15)
        == "a: as recorded\nb: NOT AS RECORDED"
    )


def test_means_over_seeds():
    assert page.means(ROWS, ["errors"]).to_numpy().tolist() == [
        ["12 ± 2.8", 2],
        ["30 ± 0", 2],
    ]
    with pytest.raises(
        ValueError, match=r"^page.means: there is no column 'eror'; did"
    ):
        page.means(ROWS, ["eror"])


def test_the_check_of_the_machine_names_a_remedy_for_what_is_broken(
    monkeypatch, tmp_path
):
    """A data folder below a file cannot be made: that line says so, and the others stand."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KDSURVEY_DATA", str(tmp_path / "file" / "data"))
    table = machine.check()
    assert (
        table.loc["data", "state"] == "mend"
        and "KDSURVEY_DATA" in table.loc["data", "found"]
    )
    assert (table.drop(index="data")["state"] != "mend").all() and table.loc[
        "data", "what to do"
    ]


def test_the_check_of_this_machine_finds_the_digits():
    assert data.mnist_5k().source in machine.check().loc["data", "found"]


def test_a_wide_table_cuts_nothing():
    long = pd.DataFrame({"found": ["x" * 200]})
    assert "x" * 200 in page.Wide(long)._repr_mimebundle_()[
        "text/html"
    ] and "x" * 200 in repr(page.Wide(long))


def test_a_wide_table_has_no_border_and_stands_left():
    html = page.Wide(pd.DataFrame({"a": [1]}))._repr_mimebundle_()["text/html"]
    assert html.startswith('<table class="dataframe">')
    assert '<tr style="text-align: left;">' in html


def row_of(check: str) -> list[str]:
    return machine.check().loc[check].tolist()


def test_the_check_asks_for_a_newer_python(monkeypatch):
    monkeypatch.setattr(machine.sys, "version_info", (3, 11))
    monkeypatch.setattr(machine.sys, "version", "3.11.0 (main)")
    assert row_of("Python") == ["3.11.0", "ok", ""]
    monkeypatch.setattr(machine.sys, "version_info", (3, 10, 9))
    assert row_of("Python")[1:] == [
        "mend",
        "install Python 3.11 or newer, then run make lab again",
    ]


@pytest.mark.parametrize(
    ("asked", "state", "remedy"),
    [("1", "ok", ""), ("2", "slow", "small nets are faster on one thread")],
)
def test_the_check_wants_one_thread(asked, state, remedy, monkeypatch):
    monkeypatch.setenv("KDSURVEY_THREADS", asked)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 8)
    found, said, advice = row_of("threads")
    assert (found, said) == (f"{asked} of 8 cores", state)
    assert advice.startswith(remedy) and bool(advice) == bool(remedy)


@pytest.mark.parametrize(("gib", "state"), [(2.0, "ok"), (1.9, "slow")])
def test_the_check_wants_two_gigabytes(gib, state, monkeypatch):
    monkeypatch.setattr(machine, "_free_bytes", lambda: gib * 2**30)
    found, said, advice = row_of("memory")
    assert (found, said) == (f"{gib} GB free", state)
    assert bool(advice) == (state == "slow")


def test_the_free_memory_is_what_linux_says(monkeypatch, tmp_path):
    file = tmp_path / "meminfo"
    file.write_text("MemTotal: 99 kB\nMemAvailable:   1234 kB\n")
    monkeypatch.setattr(machine, "Path", lambda name: file)
    assert machine._free_bytes() == 1234 * 1024


@pytest.mark.parametrize(
    ("device", "found"), [(None, "the CPU"), ("cuda:0", "cuda:0")], ids=str
)
def test_the_check_names_the_device(device, found, monkeypatch):
    monkeypatch.setattr(
        machine.torch.accelerator, "current_accelerator", lambda **_: device
    )
    assert row_of("device")[:2] == [found, "ok"]


def test_outside_a_notebook_the_check_says_how_to_open_one():
    row = row_of("front end")
    assert row == ["no notebook", "slow", "open this page with: make lab"]


@pytest.mark.parametrize("state", ["ok", "mend"])
def test_in_a_notebook_the_check_asks_for_widgets(state, monkeypatch):
    shell = SimpleNamespace(kernel=object())
    ipython = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(machine.sys.modules, "IPython", ipython)
    if state == "mend":
        monkeypatch.setattr(machine, "find_spec", lambda name: None)
    found, said, remedy = machine.CHECKS["front end"]()
    assert found == f"a kernel, ipywidgets {version('ipywidgets')}" and said == state
    assert "JupyterLab 4" in remedy


def test_the_check_knows_what_is_installed(monkeypatch):
    assert machine.check().loc["packages", "state"] == "ok"
    lacking = machine.find_spec
    monkeypatch.setattr(
        machine, "find_spec", lambda name: None if name == "pandas" else lacking(name)
    )
    row = machine.check().loc["packages"]
    assert (row["state"], row["what to do"]) == ("mend", "pip install pandas")


def test_the_settings_of_rows_name_data_time_and_versions():
    rows = pd.DataFrame({"arm": ["a"]})
    ran = ["torch", "numpy", "python", "machine", "threads", "kdsurvey", "commit"]
    rows.attrs = {
        "experiment": "lesson.it",
        "data": "60 spots",
        "seconds": {0: 9.0, 1: 1.0, 2: 4.0},
        "versions": {name: str(k) for k, name in enumerate(ran)},
        "settings": {},
    }
    assert page.settings(rows) == (
        "lesson.it on 60 spots; 3 seeds, 4 s each; "
        "torch 0, numpy 1, python 2, machine 3, threads 4"
    )
    rows.attrs["settings"] = {"split": "dealt anew"}
    assert page.settings(rows).startswith("lesson.it on 60 spots, dealt anew; 3 seeds")
