"""Recorded rows: written whole, added to seed by seed, never mixed."""

import contextlib
import errno
import io
import json
import math
import multiprocessing
from dataclasses import dataclass, replace
from functools import partial
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from kdsurvey import lessons, progress, provenance, records, store
from kdsurvey.training import Config


def coin(digits, seed):
    return [{"arm": "heads", "seed": seed, "errors": seed + len(digits.test[0])}]


def die(digits, seed):
    return [{"arm": "six", "seed": seed, "errors": 0}]


def tossed(**settings):
    return records.experiment(settings=settings, dealt=False)(coin)


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_come_back_with_what_made_them(toy, tmp_path):
    records.record("coin", coin, toy, [1, 0], tmp_path)
    table = records.recorded("coin", tmp_path)
    rows = table[["arm", "seed", "errors"]].to_numpy().tolist()
    assert rows == [["heads", 0, 40], ["heads", 1, 41]]
    assert table.attrs["data"] == toy.source
    assert table.attrs["experiment"].endswith("coin")
    assert table.attrs["parts"] == {"train": 96, "validation": 30, "test": 40}
    assert set(table.attrs["seconds"]) == {"0", "1"}
    everything = {
        "torch",
        "numpy",
        "python",
        "kdsurvey",
        "commit",
        "machine",
        "threads",
    }
    assert set(table.attrs["versions"]) == everything


def test_a_file_is_json_lines_a_header_then_each_seed_with_its_rows(toy, tmp_path):
    path = records.record("coin", tossed(sides=2), toy, [3, 2], tmp_path)
    header, *others = lines(path)
    assert header["settings"] == {"sides": 2} and header["experiment"] == "coin"
    assert [line.get("run", line.get("arm")) for line in others] == [
        2,
        "heads",
        3,
        "heads",
    ]
    assert path.parent.name == header["lesson"] and path.name == "coin.jsonl"


def test_versions_are_those_of_each_seed(toy, tmp_path, monkeypatch):
    records.record("coin", coin, toy, [0, 1], tmp_path)
    now = provenance.versions()
    newer = {**now, "torch": "99"}
    monkeypatch.setattr(provenance, "versions", lambda: newer)
    path = records.record("coin", coin, toy, [1], tmp_path)
    runs = [line for line in lines(path) if "run" in line]
    assert [run["versions"]["torch"] for run in runs] == [now["torch"], "99"]
    versions = records.recorded("coin", tmp_path).attrs["versions"]
    assert versions["torch"] == [now["torch"], "99"]
    assert versions["numpy"] == now["numpy"]


def test_a_seed_again_replaces_its_rows_and_keeps_the_others(toy, tmp_path):
    records.record("coin", coin, toy, [0, 1], tmp_path)
    path = records.record("coin", coin, toy, [1, 2], tmp_path)
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [0, 1, 2]
    left = [p.name for p in path.parent.iterdir() if not p.name.endswith(".lock")]
    assert left == ["coin.jsonl"]


def toss_many(toy, folder, seeds):
    records.record("coin", coin, toy, seeds, folder)


def test_several_recorders_of_one_file_lose_nothing(toy, tmp_path):
    """Each of three processes reads, adds and writes 20 times."""
    context = multiprocessing.get_context("fork")
    started = [
        context.Process(target=toss_many, args=(toy, tmp_path, range(k, 60, 3)))
        for k in range(3)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0, 0, 0]
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [*range(60)]


def test_rows_of_different_experiments_never_mix(toy, tmp_path):
    records.record("coin", coin, toy, [0], tmp_path)
    with pytest.raises(
        ValueError, match=r"experiment = 'coin', this run has 'die'.*delete"
    ):
        records.record("coin", die, toy, [1], tmp_path)


@dataclass(frozen=True)
class Arm:
    name: str
    method: object


def fair(share):
    def toss():
        return share

    return toss


SETTINGS = {
    "config": Config(epochs=3),
    "choices": {"short": Config(epochs=1), "long": Config(epochs=2)},
    "rates": (0.1, 0.2),
    "width": 8,
    "arms": [Arm("soft", fair(0.5)), Arm("hard", die)],
    "fixed": partial(die, seed=1),
    "draws": {3, 1},
    "ways": {"near": lambda: 1},
}


@pytest.mark.parametrize(
    "changed, name, values",
    [
        ({"width": 9}, "settings.width", ("8", "9")),
        ({"config": Config(epochs=4)}, "settings.config.epochs", ("3", "4")),
        ({"rates": (0.1, 0.3)}, "settings.rates[1]", ("0.2", "0.3")),
        ({"rates": (0.1,)}, "settings.rates[1]", ("0.2", "'nothing'")),
        ({"more": 1}, "settings.more", ("'nothing'", "1")),
        (
            {"choices": {"short": Config(epochs=1), "long": Config(epochs=5)}},
            "settings.choices.long.epochs",
            ("2", "5"),
        ),
        (
            {"arms": [Arm("soft", fair(0.6)), Arm("hard", die)]},
            "settings.arms[0].method.share",
            ("0.5", "0.6"),
        ),
        (
            {"arms": [Arm("soft", fair(0.5)), Arm("hard", coin)]},
            "settings.arms[1].method",
            ("'die'", "'coin'"),
        ),
        ({"fixed": partial(die, seed=2)}, "settings.fixed.seed", ("1", "2")),
        (
            {"ways": {"near": lambda: 2}},
            "settings.ways.near",
            ("'lambda: 1'", "'lambda: 2'"),
        ),
        ({"draws": {3, 2}}, "settings.draws[0]", ("1", "2")),
    ],
)
def test_rows_of_different_settings_never_mix(changed, name, values, toy, tmp_path):
    """Every kind of setting counts; the message names the first that differs."""
    path = records.record("coin", tossed(**SETTINGS), toy, [0], tmp_path)
    records.record("coin", tossed(**SETTINGS), toy, [1], tmp_path)
    before = path.read_text()
    with pytest.raises(ValueError) as refused:
        records.record("coin", tossed(**{**SETTINGS, **changed}), toy, [2], tmp_path)
    there, here = values
    assert f"{name} = {there}, this run has {here}" in str(refused.value)
    assert "KDSURVEY_RESULTS" in str(refused.value)
    assert path.read_text() == before


def test_rows_of_other_parts_of_the_data_never_mix(toy, tmp_path):
    records.record("coin", coin, toy, [0], tmp_path)
    other = replace(toy, validation=None)
    with pytest.raises(ValueError, match=r"parts\.validation = 30"):
        records.record("coin", coin, other, [1], tmp_path)
    other = replace(toy, source="other patterns")
    with pytest.raises(ValueError, match="data = 'made-up patterns'"):
        records.record("coin", coin, other, [1], tmp_path)


def test_a_setting_that_cannot_be_compared_is_refused(toy, tmp_path):
    with pytest.raises(ValueError, match=r"settings\.nets\[0\] is <object"):
        records.record("coin", tossed(nets=[object()]), toy, [0], tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_failing_seed_keeps_what_was_there(toy, tmp_path):
    def fails(digits, seed):
        raise RuntimeError

    fails.__name__ = "coin"
    records.record("coin", coin, toy, [0], tmp_path)
    with pytest.raises(RuntimeError):
        records.record("coin", fails, toy, [1], tmp_path)
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [0]


def test_a_row_that_cannot_be_written_keeps_what_was_there(toy, tmp_path):
    def odd(digits, seed):
        return [{"arm": "heads", "seed": seed, "errors": object()}]

    odd.__name__ = "coin"
    path = records.record("coin", coin, toy, [0], tmp_path)
    before = path.read_text()
    with pytest.raises(ValueError, match="a row holds <object"):
        records.record("coin", odd, toy, [1], tmp_path)
    assert path.read_text() == before


def test_numbers_of_numpy_are_numbers(toy, tmp_path):
    def counted(digits, seed):
        return [{"arm": "a", "seed": np.int64(seed), "share": np.float32(0.5)}]

    path = records.record("counted", counted, toy, [np.int64(0)], tmp_path)
    assert lines(path)[-1] == {"arm": "a", "seed": 0, "share": 0.5}


def test_a_damaged_file_is_named(toy, tmp_path):
    path = records.record("coin", coin, toy, [0], tmp_path)
    path.write_text(path.read_text() + '{"arm": "hea')
    with pytest.raises(ValueError, match=r"coin\.jsonl has a damaged line"):
        records.recorded("coin", tmp_path)
    path.write_text("")
    with pytest.raises(ValueError, match="is empty"):
        records.recorded("coin", tmp_path)
    with pytest.raises(ValueError, match="folder = 3; give a path, or None"):
        records.recorded("coin", 3)


HEADER, RUN, ROW = 0, 1, 2


def changed(whole: str, line: int, change) -> bytes:
    values = [json.loads(text) for text in whole.splitlines()]
    change(values[line])
    return "".join(json.dumps(value) + "\n" for value in values).encode()


DAMAGE = {
    "binary": lambda whole: b"\x80\xff" * 40,
    "a list": lambda whole: b"[1, 2]\n",
    "no header": lambda whole: whole.split("\n", 1)[1].encode(),
    "only a header": lambda whole: whole.split("\n")[0].encode(),
    "a cut line": lambda whole: whole[:-9].encode(),
    "a cut seed": lambda whole: whole.rsplit("\n", 2)[0].encode(),
    "a seed twice": lambda whole: (whole + whole.split("\n", 1)[1]).encode(),
    "nan": lambda whole: changed(whole, ROW, lambda row: row.update(errors=math.nan)),
    "no settings": lambda whole: changed(whole, HEADER, lambda h: h.pop("settings")),
    "no lesson": lambda whole: changed(whole, HEADER, lambda h: h.pop("lesson")),
    "no versions": lambda whole: changed(whole, RUN, lambda run: run.pop("versions")),
    "no seconds": lambda whole: changed(whole, RUN, lambda run: run.pop("seconds")),
    "no seed": lambda whole: changed(whole, ROW, lambda row: row.pop("seed")),
    "another seed": lambda whole: changed(whole, ROW, lambda row: row.update(seed=5)),
    "no table of settings": lambda w: changed(
        w, HEADER, lambda h: h.update(settings=0)
    ),
    "a number for data": lambda whole: changed(
        whole, HEADER, lambda h: h.update(data=3)
    ),
    "a list of versions": lambda w: changed(
        w, RUN, lambda r: r["versions"].update(a=[1])
    ),
    "words for seconds": lambda w: changed(w, RUN, lambda run: run.update(seconds="x")),
    "too large": lambda whole: whole.replace(
        '"run": 0', '"x": 1e999, "run": 0'
    ).encode(),
    "a truth for a seed": lambda w: w.replace("0,", "false,").encode(),
    "a seed below 0": lambda w: w.replace('": 0', '": -1').encode(),
    "a seed of words": lambda whole: changed(whole, RUN, lambda r: r.update(run=[1])),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_damage_is_named_with_the_path_and_the_remedy(damage, toy, tmp_path):
    path = records.record("coin", coin, toy, [0], tmp_path)
    path.write_bytes(DAMAGE[damage](path.read_text()))
    for reads in (
        lambda: records.recorded("coin", tmp_path),
        lambda: records.record("coin", coin, toy, [1], tmp_path),
    ):
        with pytest.raises(ValueError, match="delete") as caught:
            reads()
        assert str(path) in str(caught.value)


def test_a_later_format_says_so(toy, tmp_path):
    path = records.record("coin", coin, toy, [0], tmp_path)
    later = changed(path.read_text(), HEADER, lambda header: header.update(format=2))
    path.write_bytes(later)
    with pytest.raises(ValueError, match=r"coin\.jsonl has the format 2.*update"):
        records.recorded("coin", tmp_path)


def test_the_last_line_may_have_no_end(toy, tmp_path):
    path = records.record("coin", coin, toy, [0, 1], tmp_path)
    path.write_text(path.read_text().rstrip("\n"))
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [0, 1]


@pytest.mark.parametrize(
    "rows, words",
    [
        ([], "0 rows for seed 0"),
        ([{"arm": "a"}], 'each with "seed": 0'),
        ([{"arm": "a", "seed": 1}], "rows for seed 0"),
        ([{"arm": "a", "seed": 0, "loss": math.nan}], "give finite numbers"),
        ([{"arm": "a", "seed": 0, "loss": np.float32(math.inf)}], "give finite"),
        ([{"arm": "a", "seed": 0, (1, 2): 3}], "cannot be recorded"),
    ],
    ids=str,
)
def test_rows_that_could_not_be_read_are_not_written(rows, words, toy, tmp_path):
    def coin(digits, seed):
        return rows

    with pytest.raises(ValueError, match=words):
        records.record("coin", coin, toy, [0], tmp_path)
    assert not records.paths(tmp_path)


@pytest.mark.parametrize("kind", ["a file above", "a folder there", "a full disk"])
def test_nothing_runs_where_nothing_can_be_written(kind, toy, tmp_path, monkeypatch):
    def coin(digits, seed):
        pytest.fail("it ran")

    if kind == "a file above":
        (tmp_path / "test_records").write_text("no folder")
    elif kind == "a folder there":
        (tmp_path / "test_records" / "coin.jsonl").mkdir(parents=True)
    else:
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr(store.tempfile, "TemporaryFile", Mock(side_effect=full))
    with pytest.raises(OSError, match=r"cannot write .*coin\.jsonl.*KDSURVEY_RESULTS"):
        records.record("coin", coin, toy, [0], tmp_path)


def test_its_bar_silences_nothing_where_nobody_looked(toy, tmp_path):
    with contextlib.redirect_stderr(io.StringIO()):
        records.record("coin", coin, toy, [0], tmp_path)
    with (
        contextlib.redirect_stderr(Mock(isatty=lambda: True)),
        progress.bar(total=2) as shown,
    ):
        assert not shown.disable


def test_a_disk_that_fills_meanwhile_names_the_folder_of_results(
    toy, tmp_path, monkeypatch
):
    def coin(digits, seed):
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr(store.os, "replace", Mock(side_effect=full))
        return [{"arm": "a", "seed": seed}]

    with pytest.raises(OSError, match=r"No space left.*KDSURVEY_RESULTS") as caught:
        records.record("coin", coin, toy, [0], tmp_path)
    assert "KDSURVEY_DATA" not in str(caught.value)


def test_a_home_that_is_not_known_is_named(monkeypatch):
    monkeypatch.setenv("KDSURVEY_RESULTS", "~nobody-at-all/x")
    with pytest.raises(ValueError, match="KDSURVEY_RESULTS = '~nobody-at-all/x'"):
        records.results_dir()


@pytest.mark.parametrize("name", [None, 3, ["widths"]])
def test_a_name_is_a_word(name):
    with pytest.raises(ValueError, match="give the name of an experiment"):
        records.recorded(name)


def test_the_collected_experiments_are_the_callers_own():
    lessons.experiments().clear()
    assert "widths" in lessons.experiments()


def test_new_rows_go_to_the_working_directory_and_are_read_on_request(
    toy, tmp_path, monkeypatch
):
    monkeypatch.delenv("KDSURVEY_RESULTS", raising=False)
    monkeypatch.chdir(tmp_path)
    path = records.record("widths", coin, toy, [0])
    assert path.resolve().is_relative_to(tmp_path / "results")
    assert len(records.recorded("widths", records.results_dir())) == 1
    assert len(records.recorded("widths")) > 100


def test_new_rows_go_to_the_folder_of_the_environment(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("KDSURVEY_RESULTS", str(tmp_path / "mine"))
    assert records.record("coin", coin, toy, [0]).is_relative_to(tmp_path / "mine")


def test_what_is_not_recorded_says_how_to(tmp_path):
    with pytest.raises(ValueError, match="kdsurvey record missing"):
        records.recorded("missing", tmp_path)
    with pytest.raises(ValueError, match="did you mean widths"):
        records.recorded("width")


def test_the_first_difference_is_named_by_its_place():
    here = {"a": 1, "b": {"c": [1, 2]}}
    assert provenance.difference(here, here) is None
    assert provenance.difference(here, here | {"a": 2}) == ("a", 1, 2)
    name, *values = provenance.difference(here, here | {"b": {"c": [1, 3]}}, "set")
    assert name.startswith("set.b.c") and values == [2, 3]


def test_the_commit_is_that_of_the_checkout_and_none_elsewhere(tmp_path, monkeypatch):
    provenance.commit.cache_clear()
    tmp_path = tmp_path / "a folder"  # the blank is part of its name
    tmp_path.mkdir()
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    assert provenance.commit() is None
    for words in (
        ["init", "-q"],
        ["config", "user.name", "a"],
        ["config", "user.email", "a@b"],
        ["commit", "-q", "--allow-empty", "-m", "first"],
    ):
        provenance._git(*words)
    provenance.commit.cache_clear()
    head = provenance.commit()
    assert head == provenance._git("rev-parse", "HEAD")
    (tmp_path / "kdsurvey").mkdir()
    (tmp_path / "kdsurvey" / "new.py").write_text("")
    provenance.commit.cache_clear()
    assert provenance.commit() == f"{head}-dirty"
    provenance.commit.cache_clear()


def test_an_experiment_gets_another_split_with_each_seed(toy):
    seen = {}

    def looked_at(data, seed):
        seen[seed] = data
        return [{"arm": "a", "seed": seed}]

    plain = records.experiment(settings={"lr": 0.1}, dealt=False)(looked_at)
    plain(toy, 1)
    assert seen.pop(1) is toy and "split" not in plain.settings
    dealt = records.experiment(settings={"lr": 0.1})(looked_at)
    for seed in (0, 1):
        dealt(toy, seed)
        assert torch.equal(seen[seed].test[0], toy.dealt(seed).test[0])
    assert dealt.settings == {"lr": 0.1, "split": "dealt anew by each seed"}


@pytest.mark.parametrize("seeds", [3, "01", [1.5], [-1], [], [True], None])
def test_seeds_are_whole_numbers(seeds, toy, tmp_path):
    with pytest.raises(ValueError, match=r"record: seeds = .*such as range\(5\)"):
        records.record("coin", coin, toy, seeds, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_seed_is_recorded_once(toy, tmp_path):
    records.record("coin", coin, toy, [1, np.int64(1), 0], tmp_path)
    assert records.recorded("coin", tmp_path)["seed"].tolist() == [0, 1]


@pytest.mark.parametrize("name", ["", "../coin", "a/b", ".coin", None, "a b"])
def test_a_record_stays_in_its_folder(name, toy, tmp_path):
    with pytest.raises(ValueError, match="a name of letters, digits and _"):
        records.record(name, coin, toy, [0], tmp_path / "inside")
    assert not list(tmp_path.iterdir())


def test_tables_cut_from_a_record_share_its_settings(toy, tmp_path):
    """pandas copies what `.attrs` hold at every step, which took half the time of a verdict."""
    records.record("coin", coin, toy, [0, 1], tmp_path)
    table = records.recorded("coin", tmp_path)
    cut = table[table["seed"] == 1].dropna().reset_index()
    assert cut.attrs == table.attrs
    for name in ("parts", "settings", "versions", "seconds"):
        assert cut.attrs[name] is table.attrs[name]
    assert cut.attrs["settings"] == json.loads(json.dumps(cut.attrs["settings"]))
