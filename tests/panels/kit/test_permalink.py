"""Permalinks: what goes in comes out, nothing else is believed, and a panel that takes
one becomes the panel that gave it.
"""

import base64
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels.kit.test_panel import Bar

from kdsurvey.panels.kit import permalink

numbers = st.integers(-(10**6), 10**6) | st.floats(
    allow_nan=False, allow_infinity=False
)
values = numbers | st.booleans() | st.text(max_size=30) | st.lists(numbers, max_size=4)
states = st.dictionaries(st.text(max_size=12), values, max_size=8)


class KeptBar(Bar):
    """A bar whose height is its state."""

    kind = "bar"

    def arrange(self, *rows, **options):
        self.keep(height=self.height.box)
        super().arrange(*rows, **options)


@given(states)
def test_what_goes_in_comes_out(state):
    link = permalink.read(f"  {permalink.write('kind', state)}\n")
    assert (
        link.kind == "kind"
        and link.state == state
        and set(link.versions) == set(permalink.PACKAGES)
    )


@pytest.mark.parametrize(
    "around",
    [
        "{}.",
        '"{}"',
        "'{}',",
        "`{}`",
        "<{}>",
        "({}).",
        "\u201e{}\u201c",
        "http://127.0.0.1:8866/?kd={}",
        "see https://example.org/app?kd={}!",
    ],
)
def test_what_a_mail_puts_around_it_is_taken_away(around):
    text = permalink.write("live", {"T": 4.0, "width": 100})
    broken = text[:12] + "\n" + text[12:20] + "\r\n " + text[20:]
    for link in (text, broken, f"\u00a0{text}\t"):
        assert permalink.read(around.format(link)).state == {"T": 4.0, "width": 100}


def test_it_is_short_and_survives_an_address():
    state = {
        "T": 4.0,
        "alpha": 0.9,
        "lr": 0.1,
        "width": 100,
        "seed": 0,
        "changes": [[120, "T", 8.0]],
        "until": 400,
    }
    text = permalink.write("live", state)
    assert len(text) < 160 and text.startswith("kd1.live.")
    assert all(c.isalnum() or c in "._-" for c in text)


@given(st.text(max_size=80))
def test_what_was_never_written_is_refused(text):
    with pytest.raises(ValueError, match="is no permalink; copy the whole string"):
        permalink.read(text)


@given(states.filter(bool), st.data())
def test_a_string_that_lost_or_changed_a_letter_is_refused(state, data):
    text = permalink.write("kind", state)
    k = data.draw(
        st.integers(len("kd1.kind."), len(text) - 2)
    )  # the last letter may hold unused bits
    other = "A" if text[k] != "A" else "B"
    for broken in (
        text[:k] + other + text[k + 1 :],
        text[:k] + text[k + 1 :],
        text[:-2],
    ):
        with suppress(
            ValueError
        ):  # a few bits of the packing mean nothing: changed, they change nothing
            assert permalink.read(broken) == permalink.read(text)
    with pytest.raises(ValueError, match="is no permalink"):
        permalink.read(text[:-2])


def test_a_string_that_unpacks_to_very_much_is_refused():
    packer = zlib.compressobj(9, zdict=permalink.KNOWN)
    packed = (
        packer.compress(json.dumps([{"a": "x" * 10**7}, []]).encode()) + packer.flush()
    )
    with pytest.raises(ValueError, match="is no permalink"):
        permalink.read(
            "kd1.bar." + base64.urlsafe_b64encode(packed).decode().rstrip("=")
        )


def test_other_versions_are_named(monkeypatch):
    link = permalink.read(permalink.write("bar", {}))
    assert permalink.other_versions(link) == ""
    assert "torch 1.0 (here" in permalink.other_versions(
        link._replace(versions=link.versions | {"torch": "1.0"})
    )


def test_a_pasted_link_sets_the_panel():
    giver, taker = KeptBar(), KeptBar()
    giver.height.slider.value = 7
    giver.settle()
    taker.as_link.value = True
    assert taker.link_box.layout.display == "" and permalink.read(
        taker.link_box.value
    ).state == {"height": 1.0}
    taker.link_box.value = giver.link
    taker.settle()
    assert taker.height.value == 7 and taker.png == giver.png
    assert taker.status.startswith("The panel is as the permalink has it.")
    taker.height.slider.value = 9
    taker.settle()
    assert taker.link_box.value == taker.link != giver.link  # the box keeps up
    taker.check()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rubbish", "is no permalink"),
        (
            permalink.write("live", {"height": 2.0}),
            "is for a live panel, this panel is a bar panel",
        ),
        (
            permalink.write("bar", {"width": 2.0}),
            "keeps height; the permalink has width",
        ),
        (
            permalink.write("bar", {"height": 99}),
            "height = 99 is out of this panel's range",
        ),
        (
            permalink.write("bar", {"height": "high"}),
            "height = 'high' is out of this panel's range",
        ),
    ],
)
def test_a_link_that_does_not_fit_is_a_sentence_and_changes_nothing(text, says):
    panel = KeptBar()
    panel.link_box.value = text
    panel.settle()
    assert says in panel.status and panel.height.value == 1.0
    with pytest.raises(ValueError):
        panel.check()


def test_a_panel_that_keeps_nothing_offers_no_link():
    def buttons(panel):
        return [
            child.description
            for child in panel.box.children[-3].children
            if hasattr(child, "description")
        ]

    assert "Permalink" in buttons(KeptBar()) and "Permalink" not in buttons(Bar())


@dataclass(frozen=True)
class Change:
    at: int
    name: str = field(metadata=permalink.one_of("T", "alpha"))
    value: float = field(metadata=permalink.number(0.5, 50))


@dataclass(frozen=True)
class Made:
    """How a run was made, in fields of every kind."""

    seed: int
    way: str = field(metadata=permalink.place_among("copied", "random"))
    first: Change = None
    changes: tuple[Change, ...] = ()
    since: dict = None
    over: bool = False


MADE = Made(3, "random", Change(0, "T", 4), (Change(2, "alpha", 0.5),), {"a": 1}, True)
PACKED = [3, 1, [0, "T", 4], [[2, "alpha", 0.5]], {"a": 1}, True]
NAMES = ("seed", "way", "first", "changes", "since", "over")


def test_a_run_that_was_packed_comes_out():
    assert permalink.pack(MADE) == PACKED == json.loads(json.dumps(PACKED))
    assert permalink.unpack(Made, PACKED) == MADE
    assert permalink.unpack(Made, dict(zip(NAMES, PACKED))) == MADE


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, -1),
        (0, 2.5),
        (0, True),
        (0, "3"),
        (1, 2),
        (1, -1),
        (1, "copied"),
        (2, None),
        (2, [0, "T"]),
        (2, [0, "beta", 4]),
        (2, [0, [], 4]),
        (2, [0, "T", 60]),
        (2, [0, "T", float("nan")]),
        (3, 7),
        (3, "no"),
        (3, [[2, "alpha", "high"]]),
        (4, [1]),
        (5, 1),
    ],
)
def test_a_run_that_was_never_packed_is_refused(place, value):
    packed = [*PACKED[:place], value, *PACKED[place + 1 :]]
    for kind in (packed, dict(zip(NAMES, packed))):
        with pytest.raises(ValueError, match="no run that this panel could make again"):
            permalink.unpack(Made, kind)


@pytest.mark.parametrize(
    "packed", [None, 3, "later", [], PACKED[:-1], [*PACKED, 1], {}]
)
def test_a_run_of_another_form_is_refused(packed):
    with pytest.raises(ValueError, match="no run that this panel could make again"):
        permalink.unpack(Made, packed)
