"""What a comparison amounts to: its effect, its interval, its word, and one line of text.

`verdicts` makes them from rows; here they are numbers only.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np

from kdsurvey import intervals

Kind: TypeAlias = Literal["above", "equal", "not below"]
Test: TypeAlias = Literal["t", "sign"]
Word: TypeAlias = Literal["HOLDS", "FAILS", "NOT RESOLVED", "EXACT", "NOT RUN"]

KINDS: tuple[str, ...] = get_args(Kind)
TESTS: tuple[str, ...] = get_args(Test)
WORDS: tuple[str, ...] = get_args(Word)


@dataclass(frozen=True, repr=False)
class Verdict:
    """A judged comparison; its text, in a notebook too, is the one line `line`.

    differences: a - b of each seed, in `unit`. kind: what is claimed of them: "above",
    "equal" or "not below". margin: the smallest difference that matters, in the unit.
    test: "t" for Student's interval of the mean; "sign" for the exact sign test and an
    interval of the median, as counts need that stop at the edge of what was tried.
    primary: it answers a row of the table of claims; other comparisons stand beside one.
    bound: "at least" or "at most", where some values lie at such an edge, and "about"
    where they do in both arms. note: what
    else has to be said, at the end of the line. tries: the comparison counts as so
    many, see `corrected`.
    """

    claim: str
    what: str
    differences: tuple[float, ...]
    unit: str = "points"
    margin: float = 0.0
    confidence: float = 0.95
    kind: Kind = "above"
    test: Test = "t"
    bound: str = ""
    note: str = ""
    primary: bool = False
    tries: float = 1.0

    @property
    def n(self) -> int:
        """Count the seeds."""
        return len(self.differences)

    @cached_property
    def effect(self) -> float:
        """The mean of the differences, with the sign test their median."""
        middle = np.mean if self.test == "t" else np.median
        return float(middle(self.differences))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Compute the ends of the interval, (nan, nan) where there is none: with fewer
        than three seeds, without spread, and where the sign test needs more seeds.
        """
        of = intervals.of_mean if self.test == "t" else intervals.of_median
        return of(self.differences, confidence)

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return self.interval(self.confidence)

    @property
    def low(self) -> float:
        """The lower end of the plain interval, at `confidence`."""
        return self._ends[0]

    @property
    def high(self) -> float:
        """The upper end of the plain interval, at `confidence`."""
        return self._ends[1]

    @cached_property
    def wide(self) -> tuple[float, float]:
        """The interval that the word comes from, corrected for `tries`."""
        return self.interval(1 - (1 - self.confidence) / self.tries)

    @cached_property
    def p(self) -> float:
        """The largest error rate at which the word would be NOT RESOLVED, in (0, 1]: the
        p-value of the comparison, whatever its kind; 1 where there is no interval.
        """
        if self.test == "sign":
            return intervals.sign_test(self.differences)
        distance = {
            "above": abs(self.effect),
            "equal": abs(abs(self.effect) - self.margin),
            "not below": abs(self.effect + self.margin),
        }[self.kind]
        return intervals.t_test(self.differences, distance)

    @cached_property
    def word(self) -> Word:
        """HOLDS, FAILS or NOT RESOLVED, after the correction."""
        return self._word(self.tries)

    @property
    def word_alone(self) -> Word:
        """The word without the correction for other comparisons."""
        return self._word(1.0)

    def _word(self, tries: float) -> Word:
        if self.p * tries > 1 - self.confidence:
            return "NOT RESOLVED"
        if self.kind == "above":
            if self.effect < 0:
                return "FAILS"
            return "HOLDS" if self.effect >= self.margin else "NOT RESOLVED"
        least = -self.margin
        most = self.margin if self.kind == "equal" else math.inf
        return "HOLDS" if least < self.effect < most else "FAILS"

    @property
    def needed(self) -> int | None:
        """Count the seeds whose plain interval would be no wider than the margin to both
        sides, at this spread; None where that cannot be said, at most `intervals.MANY`.
        """
        if self.test != "t":
            return None
        return intervals.needed(self.differences, self.margin, self.confidence)

    @property
    def line(self) -> str:
        """Write the verdict in one line, with its figures.

        For example: O10  HOLDS  distilled - alone: +1.70 points [+1.21, +2.19], 95 %
        CI, n = 5 seeds
        """
        parts = [f"{self._said} {self._interval}, n = {self.n} seeds", *self._remarks()]
        return f"{self.claim}  {self.word}  {self.what}: {'; '.join(parts)}"

    @property
    def figures(self) -> str:
        """Write effect and interval, as in "+1.70 points [+1.21, +2.19]"."""
        if math.isnan(self.low):
            return self._said
        return f"{self._said} [{self._number(self.low)}, {self._number(self.high)}]"

    def _number(self, value: float) -> str:
        return f"{value:{'+z.2f' if self.unit == 'points' else '+z.4g'}}"

    @property
    def _said(self) -> str:
        bound = f"{self.bound} " if self.bound else ""
        return f"{bound}{self._number(self.effect)} {self.unit}".rstrip()

    @property
    def _interval(self) -> str:
        if not math.isnan(self.low):
            ends = f"[{self._number(self.low)}, {self._number(self.high)}]"
            return f"{ends}, {100 * self.confidence:g} % CI"
        if not intervals.spread(self.differences):
            return "at every seed: no spread, no interval"
        return "(too few seeds for an interval)"

    def _remarks(self) -> list[str]:
        remarks = []
        if self.test == "sign":
            up, down = intervals.signs(self.differences)
            remarks.append(f"median; {up} seeds above, {down} below, exact sign test")
        if self.margin:
            claimed = "" if self.kind == "above" else f"{self.kind}, "
            remarks.append(f"{claimed}margin {self.margin:g}")
        if self.word != self.word_alone:
            remarks.append(f"{self.word_alone} before correction for many looks")
        if self.word == "NOT RESOLVED":
            remarks.append(self._why_open())
        remarks.append(self.note)
        return [remark for remark in remarks if remark]

    def _why_open(self) -> str:
        if self.p * self.tries <= 1 - self.confidence:
            return "above 0, but by less than the margin"
        if not self.needed or self.needed <= self.n:
            return ""
        over = "over" if self.needed == intervals.MANY else "about"
        return f"{over} {self.needed} seeds would resolve the margin"

    @property
    def band(self) -> str:
        """Write the line without its figures.

        For runs that another machine repeats to the verdict but not to the last digit.
        """
        return f"{self.claim}  {self.word}  {self.what}, n = {self.n} seeds"

    def __repr__(self) -> str:
        return self.line


@dataclass(frozen=True, repr=False)
class Exact:
    """A claim that is algebra: how far its two sides are apart in floating point.

    `error` is within `tolerance`, or the claim fails. Shows as its `line`.
    """

    claim: str
    what: str
    error: float
    tolerance: float

    @property
    def word(self) -> Word:
        """EXACT, or FAILS."""
        return "EXACT" if self.error <= self.tolerance else "FAILS"

    @property
    def line(self) -> str:
        """Write it in one line, with the tolerance and not the error, which is rounding."""
        return f"{self.band}, to within {self.tolerance:g}"

    @property
    def band(self) -> str:
        """Write it without figures."""
        return f"{self.claim}  {self.word}  {self.what}"

    def __repr__(self) -> str:
        return self.line


@dataclass(frozen=True, repr=False)
class NotRun:
    """A question that nobody has answered here; why: what it needs. Shows as its `line`."""

    claim: str
    what: str
    why: str
    word: Word = "NOT RUN"

    @property
    def line(self) -> str:
        """Write it in one line."""
        return f"{self.band}: {self.why}"

    @property
    def band(self) -> str:
        """Write it without the reason."""
        return f"{self.claim}  {self.word}  {self.what}"

    def __repr__(self) -> str:
        return self.line


Answer: TypeAlias = Verdict | Exact | NotRun
