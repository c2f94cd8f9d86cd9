"""The digit pad answers to strokes, nudges and choices, and a permalink shows the same drawing."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from traitlets import TraitType

from kdsurvey.data import Data
from kdsurvey.methods import plain
from kdsurvey.nets import mlp
from kdsurvey.panels.kit import permalink
from kdsurvey.panels.pad import digit
from kdsurvey.panels.pad.ink import GRID, SCRIPT, Ink
from kdsurvey.panels.pad.panel import DRAW, NO_FIELD, Pad, pad
from kdsurvey.pictures import Bars
from kdsurvey.training import Config, train


@pytest.fixture(scope="module")
def nets(digits):
    """A teacher and a student that can read digits a little."""
    both = mlp(784, 40, 10, seed=0), mlp(784, 10, 10, seed=1)
    for net in both:
        train(plain(net), digits, Config(epochs=2, batch_size=50, lr=0.1, device="cpu"))
    return both


@pytest.fixture
def panel(nets, digits, close):
    made = close(pad(*nets, digits))
    yield made
    made.settle()
    made.check()


def stroke(panel, ink) -> None:
    """What the page sends: a drawing (56, 56), and the image that it was made on."""
    sent = {
        "drawing": memoryview(
            np.rint(255 * np.asarray(ink)).astype(np.uint8).tobytes()
        ),
        "on": panel.ink.shows,
    }
    panel.ink.set_state(sent)
    panel.settle()


def bar(columns=slice(26, 30)):
    ink = np.zeros((GRID, GRID))
    ink[8:48, columns] = 1
    return ink


def table_of(panel):
    """Return the table of probabilities, class -> (p, q)."""
    rows = panel.table[0].rows
    return {int(name): (float(p), float(q)) for name, p, q in rows}


def test_it_starts_from_the_class_to_make_and_says_what_the_nets_say(
    panel, nets, digits
):
    x, y = digits.test
    i = panel.image.value
    assert y[i] == 3 and not (y[:i] == 3).any() and y[panel.other.value] == 8
    expected = [
        torch.softmax(net(x[i : i + 1]).double() / 4, 1)[0].detach().numpy()
        for net in nets
    ]
    shown = table_of(panel)
    np.testing.assert_allclose(
        [shown[k] for k in range(10)], np.stack(expected, 1), atol=6e-5
    )
    heights = [bars.y for bars in panel.picture.charts["bars"].marks_of(Bars)]
    np.testing.assert_allclose(heights, expected, atol=1e-6)
    p = expected[0]
    first, second = np.argsort(-p)[:2]
    assert panel.status.startswith(
        f"Teacher: {first} ({p[first]:.2f}), {second} ({p[second]:.2f}). Student: "
    )
    assert "Make a 3 that is almost an 8: " in panel.status
    near, far = digit.nearest_images(x[i, 0], digits.train[0], 6)
    rows = [
        (str(rank), str(k), str(int(digits.train[1][k])), f"{distance:.3f}")
        for rank, (k, distance) in enumerate(zip(near, far), 1)
    ]
    assert panel.table[1].rows == tuple(rows)


def test_a_stroke_changes_picture_and_status_and_leaves_the_field_alone(panel):
    panel.settle()
    picture, shows = panel.png, panel.ink.shows
    stroke(panel, bar())
    assert panel.png != picture
    np.testing.assert_array_equal(
        panel.sketch.image, np.rint(255 * digit.as_mnist(bar())) / np.float32(255)
    )
    stroke(panel, bar(slice(10, 40)))  # a second one on the same image
    np.testing.assert_allclose(
        panel.sketch.image, digit.as_mnist(bar(slice(10, 40))), atol=1 / 255
    )
    assert (
        panel.ink.shows == shows
    )  # nothing is sent back that would replace the strokes


def test_a_stroke_over_a_mixture_takes_it_as_it_is(panel):
    panel.share.slider.value = 0.5
    shows = panel.ink.shows
    stroke(panel, bar())
    assert (
        panel.share.value == 0 and panel.sketch.share == 0 and panel.ink.shows == shows
    )
    np.testing.assert_allclose(panel.sketch.image, digit.as_mnist(bar()), atol=1 / 255)


def test_a_drawing_that_comes_late_is_not_taken(panel):
    late = panel.ink.shows
    panel.nudges["left"].click()
    image = panel.sketch.image
    panel.ink.set_state({"drawing": bytes(GRID**2 * [255]), "on": late})
    np.testing.assert_array_equal(panel.sketch.image, image)


def test_drawing_on_a_chosen_digit_keeps_its_pixels(panel):
    stroke(panel, np.kron(panel.sketch.image, np.ones((2, 2))))
    np.testing.assert_array_equal(panel.sketch.image, panel.chosen)
    assert panel.state()["sketch"] == ""


@pytest.mark.parametrize("move", digit.MOVES)
def test_a_nudge_changes_the_image_the_picture_and_the_field(panel, move):
    panel.settle()
    picture = panel.png
    before = panel.sketch.image
    shows = panel.ink.shows
    panel.nudges[move].click()
    panel.settle()
    np.testing.assert_allclose(
        panel.sketch.image, digit.nudged(before, move), atol=1 / 255
    )
    assert panel.png != picture and panel.ink.shows == shows + 1
    assert (
        panel.ink.shown == np.rint(255 * panel.sketch.image).astype(np.uint8).tobytes()
    )
    assert move in panel.nudges[move].description and move in panel.nudges[move].tooltip


def test_the_arrow_keys_of_the_field_nudge(panel):
    before = panel.sketch.image
    content = {"method": "custom", "content": {"arrow": "up"}}
    panel.ink.comm.handle_msg({"content": {"data": content}, "buffers": []})
    np.testing.assert_array_equal(panel.sketch.image, digit.nudged(before, "up"))


def test_mixing_leads_from_one_image_to_the_other(panel, digits):
    a, b = (digits.test[0][k.value, 0].numpy() for k in (panel.image, panel.other))
    panel.share.slider.value = 0.4
    np.testing.assert_allclose(panel.sketch.image, 0.6 * a + 0.4 * b, atol=1e-6)
    panel.other.value += 1
    np.testing.assert_allclose(
        panel.sketch.image,
        0.6 * a + 0.4 * digits.test[0][panel.other.value, 0].numpy(),
        atol=1e-6,
    )
    assert (
        panel.ink.shown == np.rint(255 * panel.sketch.image).astype(np.uint8).tobytes()
    )


def test_clear_again_and_the_neighbours(panel, digits):
    panel.clear.click()
    panel.settle()
    assert (
        not panel.sketch.image.any()
        and panel.status.startswith("The field is empty")
        and not table_of(panel)
    )
    panel.again.click()
    np.testing.assert_array_equal(
        panel.sketch.image, digits.test[0][panel.image.value, 0]
    )
    panel.image.value = 0
    panel.before.click()
    assert panel.image.value == len(digits.test[0]) - 1
    panel.after.click()
    np.testing.assert_array_equal(panel.sketch.image, digits.test[0][0, 0])


def test_temperature_and_challenge_redraw(panel):
    panel.settle()
    picture = panel.png
    panel.T.slider.value = 50.0
    panel.settle()
    assert panel.png != picture
    assert panel.table[0].caption == "Probabilities at T = 50"
    assert max(p for p, _ in table_of(panel).values()) < 0.2
    panel.make.value, panel.almost.value = 8, 4
    panel.settle()
    assert "Make an 8 that is almost a 4: " in panel.status
    panel.almost.value = 8
    panel.settle()
    assert panel.status.endswith("choose two classes that differ.")


def test_the_challenge_can_be_done(panel, digits):
    """With an a and a b that the teacher itself names, and a T at which they are close."""
    panel.T.box.value = 1.0
    panel.settle()
    other = digits.test[0][panel.other.value, 0].numpy()
    shares = np.arange(0, 1, 0.01)
    for share in sorted(shares, key=lambda share: abs(share - 0.5)):
        panel.sketch.mix(other, share)
        panel.redraw()
        if panel.status.endswith("You made a 3 that is almost an 8."):
            break
    else:
        pytest.fail("no mixture of a 3 and an 8 is almost an 8")
    (p3, _), (p8, _) = (table_of(panel)[k] for k in (3, 8))
    assert p3 >= p8 >= 0.3


def test_a_permalink_shows_the_same_drawing(panel, nets, digits, close):
    other = close(pad(*nets, digits, T=1.0, challenge=(1, 7)))
    stroke(panel, bar(slice(20, 36)))
    panel.nudges["turn left"].click()
    panel.share.slider.value = 0.25
    panel.T.box.value = 3.3
    panel.settle()
    other.link_box.value = panel.link
    other.settle()
    other.check()
    assert other.png == panel.png
    assert other.table == panel.table
    assert other.state() == panel.state()
    np.testing.assert_array_equal(other.ink.shown, panel.ink.shown)
    assert len(panel.link) < 1000


def test_the_link_of_a_chosen_image_is_short(panel):
    assert len(panel.link) < 150 and permalink.read(panel.link).kind == "pad"


@pytest.mark.parametrize(
    "change",
    [{"sketch": "ff"}, {"image": -1}, {"make": 10}, {"share": 2.0}, {"unknown": 1}],
)
def test_a_bad_permalink_changes_nothing(panel, change):
    stroke(panel, bar())
    state, image = panel.state(), panel.sketch.image
    with pytest.raises(
        ValueError, match=r"out of this panel's range|the permalink has"
    ):
        panel.restore(state | {"image": 5} | change)
    assert panel.state() == state
    np.testing.assert_array_equal(panel.sketch.image, image)


def test_the_order_of_a_state_does_not_matter(panel, nets, digits, close):
    stroke(panel, bar())
    other = close(pad(*nets, digits, challenge=(1, 7)))
    other.restore(dict(reversed(panel.state().items())))
    np.testing.assert_array_equal(other.sketch.image, panel.sketch.image)


def test_the_callers_nets_are_untouched(nets, digits, close):
    net = mlp(784, 8, 10, dropout=0.5, seed=0).train()
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    panel = close(pad(net, nets[1], digits))
    shown = panel.png
    panel.redraw()
    panel.check()
    assert net.training and all(p.requires_grad for p in net.parameters())
    assert all(
        torch.equal(value, weights[name]) for name, value in net.state_dict().items()
    )
    assert panel.png == shown  # dropout is off in the copy


def small(digits, shape=(8, 1, 28, 28), classes=10):
    part = torch.zeros(shape), torch.arange(8) % classes
    return Data(part, part, tuple(map(str, range(classes))), "made up")


@pytest.mark.parametrize(
    ("shape", "classes", "options", "says"),
    [
        (
            (8, 1, 8, 8),
            10,
            {},
            r"\(n, 1, 28, 28\) are needed, got \(8, 1, 8, 8\); take",
        ),
        ((8, 3, 28, 28), 10, {}, r"got \(8, 3, 28, 28\)"),
        (
            (8, 1, 28, 28),
            9,
            {},
            r"the teacher gives logits \(1, 10\) for one image, the data have 9 classes",
        ),
        (
            (8, 1, 28, 28),
            10,
            {"challenge": (3, 10)},
            r"challenge = \(3, 10\) must be two different classes of 0 ... 9",
        ),
        ((8, 1, 28, 28), 10, {"challenge": (3, 3)}, "two different classes"),
        ((8, 1, 28, 28), 10, {"challenge": (-1, 3)}, "two different classes"),
        ((8, 1, 28, 28), 10, {"T": 0.1}, r"0.1 must lie in \[0.5, 50.0\]"),
    ],
)
def test_what_does_not_fit_is_refused(nets, digits, shape, classes, options, says):
    with pytest.raises(ValueError, match=says):
        pad(*nets, small(digits, shape, classes), **options)


def test_a_student_with_other_classes_is_named(nets, digits):
    with pytest.raises(ValueError, match=r"the student gives logits \(1, 5\)"):
        pad(nets[0], mlp(784, 5, seed=0), digits)


def test_fewer_training_images_than_neighbours(nets, close):
    panel = close(pad(*nets, small(None)))
    panel.nudges["left"].click()
    stroke(panel, bar())
    panel.check()
    data = small(None)
    few = Data(
        tuple(part[:3] for part in data.train), data.test, data.classes, "made up"
    )
    panel = close(pad(*nets, few))
    stroke(panel, bar())
    panel.check()
    assert [len(table.rows) for table in panel.table] == [10, 3]


def test_the_hint_says_whether_there_is_a_field(panel):
    assert NO_FIELD in panel.hint.value
    panel.ink.set_state({"alive": True})
    assert DRAW in panel.hint.value


def test_without_anywidget_all_but_drawing_works(nets, digits, close, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    pad_module = sys.modules[Pad.__module__]  # the package has a function of that name
    spec = importlib.util.spec_from_file_location(
        "kdsurvey.panels.pad.ink_alone", Path(pad_module.__file__).with_name("ink.py")
    )
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    assert alone.Base.__name__ == "HTML" and alone.Ink is not Ink
    monkeypatch.setattr(pad_module, "Ink", alone.Ink)
    panel = close(pad(*nets, digits))
    picture = panel.png
    panel.nudges["thicker"].click()
    panel.settle()
    panel.check()
    assert panel.png != picture and NO_FIELD in panel.hint.value


def test_script_and_kernel_speak_of_the_same_things():
    """Every name that the script reads or writes is a synced trait, and it fetches nothing."""
    script = SCRIPT
    names = set(re.findall(r'model\.(?:get|set)\("(\w+)"', script)) | set(
        re.findall(r'"change:(\w+)"', script)
    )
    assert names == {"alive", "drawing", "on", "rubber", "shown", "shows"}
    assert all(
        isinstance(Ink.class_traits(sync=True).get(name), TraitType) for name in names
    )
    assert f"const GRID = {GRID};" in script
    assert not re.search(r"\bimport\b|https?:|fetch\(|//cdn", script)
    assert {f'"{move}"' for move in digit.STEPS} <= set(re.findall(r'"\w+"', script))
