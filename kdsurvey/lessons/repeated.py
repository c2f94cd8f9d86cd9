"""Would the same be said with other seeds? A part of the survey's questions, drawn at
random, is run again with seeds that nobody has looked at, and the words of both runs are
compared.
"""

import random
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path

import pandas as pd

from kdsurvey import claims, records
from kdsurvey.lessons import experiments, ledger
from kdsurvey.verdicts import Verdict

OPEN = "NOT RESOLVED"


def drawn(part: int = 3, draw: int = 0) -> list[str]:
    """Draw one in `part` of the questions that recorded rows answer.

    draw: seed of the draw. Returns their ids, in the order of the table.
    """
    there = [id for id in ledger.places() if isinstance(ledger.answer(id), Verdict)]
    ids = random.Random(draw).sample(sorted(there), ceil(len(there) / part))
    return [id for id in claims.ROWS if id in ids]


def sources(id: str) -> list[str]:
    """Name the experiments whose rows answer a question."""
    with records.read_from() as asked:
        ledger.lessons()[ledger.places()[id]].answer(id)
    return list(dict.fromkeys(asked))


def needed(ids: Iterable[str]) -> list[str]:
    """Name the experiments whose rows answer these questions, each once."""
    return list(dict.fromkeys(name for id in ids for name in sources(id)))


def hours(names: Iterable[str], seeds: Sequence[int]) -> float:
    """Compute how many hours of a core the recorded seeds of experiments took, each for
    so many seeds.
    """
    seconds = [records.recorded(name).attrs["seconds"] for name in names]
    means = [sum(by_seed.values()) / len(by_seed) for by_seed in seconds]
    return len(seeds) * sum(means) / 3600


def run(names: Iterable[str], seeds: Iterable[int], folder: Path) -> None:
    """Record these experiments with these seeds into a folder; seeds that it holds are
    passed over, so that a run which was stopped goes on.
    """
    known = experiments()
    seeds = list(seeds)
    for name in names:
        left = [seed for seed in seeds if seed not in _kept(name, folder)]
        if left:
            records.record(name, known[name], known[name].data(), left, folder)


def _kept(name: str, folder: Path) -> set[int]:
    path = records.paths(folder).get(name)
    return set(records.Record.read(path).runs) if path else set()


def words(ids: Sequence[str], folder: Path) -> pd.DataFrame:
    """Judge questions by the recorded rows and by those in a folder: a table with the
    columns "recorded", "again" and "agrees", a line for each id.

    Both are corrected within their claims. A word agrees with itself, and with NOT
    RESOLVED. Raises ValueError for rows that the folder lacks.
    """
    lacking = sorted(set(needed(ids)) - set(records.paths(folder)))
    if lacking:
        raise ValueError(f"{folder} has no rows of {', '.join(lacking)}; record them")
    of_claims = dict.fromkeys(claims.row(id).claim for id in ids)
    with records.read_from(folder):
        again = {id: a for claim in of_claims for id, a in ledger.judged(claim).items()}
    table = pd.DataFrame(
        {
            "recorded": [ledger.answer(id).word for id in ids],
            "again": [again[id].word for id in ids],
        },
        index=pd.Index(ids, name="row"),
    )
    same = table["recorded"] == table["again"]
    return table.assign(agrees=same | (table == OPEN).any(axis=1))


def summary(table: pd.DataFrame) -> str:
    """Write how many words agree, and name those that do not."""
    text = f"{table['agrees'].sum()} of {len(table)} words agree"
    others = list(table.index[~table["agrees"]])
    return f"{text}; other words: {', '.join(others)}" if others else text
