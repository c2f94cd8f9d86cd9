"""Drawings become digits as MNIST's did, and what is said about them is what NumPy says."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import center_of_mass, gaussian_filter

from kdsurvey.panels.pad.digit import (
    MOVES,
    Sketch,
    as_mnist,
    from_text,
    mixed,
    nearest_images,
    nudged,
    squares,
    to_text,
)

drawings = arrays(
    np.float32,
    st.tuples(st.integers(4, 70), st.integers(4, 70)),
    elements=st.sampled_from([0, 0, 0, 0.25, 0.5, 1]),
)


def extent(image):
    return [
        (int(at[0]), int(at[-1]))
        for at in (np.flatnonzero(image.any(axis)) for axis in (1, 0))
    ]


def sides(image):
    return [last - first + 1 for first, last in extent(image)]


@pytest.fixture(scope="module")
def images(digits):
    """100 real digits, (100, 28, 28), each with a longer side of 20 pixels."""
    x = digits.train[0][:102, 0].numpy()
    return np.stack([image for image in x if max(sides(image)) == 20])[:100]


def test_an_mnist_digit_comes_back_as_it_was(images):
    assert len(images) == 100
    for image in images:
        np.testing.assert_array_equal(as_mnist(image), image)


@pytest.mark.parametrize("times", [2, 5])
def test_a_digit_drawn_larger_and_elsewhere_comes_back_too(images, times):
    for image in images[:30]:
        large = np.kron(image, np.ones((times, times)))
        field = np.pad(large, ((3, 40), (17, 2)))
        np.testing.assert_allclose(as_mnist(field), image, atol=1e-6)


@given(drawings)
def test_the_longer_side_is_20_and_the_centre_of_mass_in_the_middle(ink):
    digit = as_mnist(ink)
    assert (
        digit.shape == (28, 28)
        and digit.dtype == np.float32
        and digit.min() >= 0
        and digit.max() <= 1
    )
    if not ink.any():
        assert not digit.any()
        return
    assert max(sides(digit)) == 20
    for (first, last), at in zip(extent(digit), center_of_mass(digit)):
        assert abs(at - 14) <= 0.5 + 1e-4 or first == 0 or last == 27


@given(drawings)
def test_the_aspect_is_kept(ink):
    if ink.any():
        (h, w), (a, b) = sides(ink), sorted(sides(as_mnist(ink)))
        assert abs(a - max(1, min(h, w) * 20 / max(h, w))) <= 1 and b == 20


@pytest.mark.parametrize("n", range(21, 71))
def test_no_pixel_is_lost_where_a_drawing_shrinks(n):
    """Every pixel alone on the diagonal of a large drawing, its corners inked."""
    for k in range(1, n - 1):
        ink = np.zeros((n, n))
        ink[0, 0] = ink[-1, -1] = ink[k, k] = 1
        alone = ink.copy()
        alone[k, k] = 0
        assert as_mnist(ink).sum() > as_mnist(alone).sum()


def test_a_small_dot_becomes_large_and_stays_in_the_field():
    ink = np.zeros((56, 56))
    ink[3, 50] = 1
    assert sides(as_mnist(ink)) == [20, 20]


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((3, 28, 28)),
        np.zeros((0, 4)),
        np.full((9, 9), 255),
        np.full((9, 9), np.nan),
        -np.eye(3),
    ],
)
def test_what_is_no_drawing_is_refused(bad):
    with pytest.raises(
        ValueError, match=r"as_mnist: (one grey image|grey values).*(;)"
    ):
        as_mnist(bad)


@pytest.mark.parametrize(
    ("move", "shift"),
    [("left", (0, -1)), ("right", (0, 1)), ("up", (-1, 0)), ("down", (1, 0))],
)
def test_a_step_moves_every_pixel_by_one_and_wraps_nothing(images, move, shift):
    expected = np.roll(np.pad(images[0], 1), shift, (0, 1))[1:-1, 1:-1]
    np.testing.assert_array_equal(nudged(images[0], move), expected)
    edge = np.ones((28, 28), np.float32)
    assert nudged(edge, move).sum() == 28 * 27


def test_thicker_has_more_ink_and_thinner_less_pixel_by_pixel(images):
    for image in images[:20]:
        thick, thin = nudged(image, "thicker"), nudged(image, "thinner")
        assert (thick >= image).all() and (thin <= image).all()
        assert thick.sum() > 1.1 * image.sum() and thin.sum() < 0.9 * image.sum()


def test_a_turn_turns_and_a_turn_back_undoes_it(images):
    line = np.zeros((28, 28), np.float32)
    line[4:24, 13:15] = 1
    left, right = nudged(line, "turn left"), nudged(line, "turn right")
    assert (
        np.average(np.arange(28), weights=left[4])
        < 13.2
        < 13.8
        < np.average(np.arange(28), weights=right[4])
    )  # its top
    smooth = gaussian_filter(images[0], 1)
    back = nudged(nudged(smooth, "turn left"), "turn right")
    assert (
        np.abs(back - smooth).max()
        < 0.1
        < np.abs(nudged(smooth, "turn left") - smooth).max()
    )


@given(
    arrays(np.float32, (28, 28), elements=st.floats(0, 1, width=32)),
    st.sampled_from(MOVES),
)
def test_a_nudge_stays_in_range(image, move):
    moved = nudged(image, move)
    assert moved.shape == (28, 28) and moved.min() >= 0 and moved.max() <= 1


def test_unknown_moves_and_shares_are_refused():
    white = np.zeros((28, 28))
    with pytest.raises(ValueError, match=r"no move 'sideways'; take one of left"):
        nudged(white, "sideways")
    with pytest.raises(ValueError, match=r"\(28, 28\) is needed, got \(5, 5\)"):
        nudged(np.zeros((5, 5)), "left")
    with pytest.raises(ValueError, match=r"share = 1.5 must lie in \[0, 1\]"):
        mixed(white, white, 1.5)


def test_a_mixture_goes_from_one_to_the_other(images):
    a, b = images[:2]
    np.testing.assert_array_equal(mixed(a, b, 0), a)
    np.testing.assert_array_equal(mixed(a, b, 1), b)
    np.testing.assert_allclose(mixed(a, b, 0.3), 0.7 * a + 0.3 * b, atol=1e-6)


@pytest.mark.parametrize("known", [False, True])
def test_the_nearest_are_those_of_numpy(digits, known):
    x = digits.train[0][:700]
    norms = squares(x) if known else None
    for image in (digits.test[0][0, 0], digits.test[0][7, 0], x[13, 0]):
        far = np.sqrt(
            ((x[:, 0].double().numpy() - image.double().numpy()) ** 2).sum((1, 2))
        )
        indices, distances = nearest_images(image, x, 6, norms)
        np.testing.assert_array_equal(indices, np.argsort(far)[:6])
        np.testing.assert_allclose(distances, np.sort(far)[:6], atol=1e-6)
    assert indices[0] == 13 and distances[0] == 0  # itself


def test_nearest_images_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"k = 4 must lie in 1 ... 3"):
        nearest_images(np.zeros((28, 28)), torch.zeros(3, 1, 28, 28), 4)
    with pytest.raises(
        ValueError, match=r"\(28, 28\) needs images .* got \(3, 1, 8, 8\)"
    ):
        nearest_images(np.zeros((28, 28)), torch.zeros(3, 1, 8, 8), 1)


def test_an_image_survives_as_text(images):
    np.testing.assert_array_equal(from_text(to_text(images[0])), images[0])
    for text in ("", "00", "xyz", "ff" * 785, 3):
        with pytest.raises(ValueError, match="is no drawing of 28 x 28 pixels"):
            from_text(text)


def test_a_sketch_is_chosen_mixed_nudged_drawn_and_cleared(images):
    a, b = images[:2]
    sketch = Sketch(a)
    np.testing.assert_array_equal(sketch.image, a)
    assert not sketch.mix(b, 0.0) and sketch.mix(b, 0.5) and not sketch.mix(b, 0.5)
    np.testing.assert_allclose(sketch.image, (a + b) / 2, atol=1e-6)
    sketch.choose(b)
    np.testing.assert_allclose(sketch.image, b, atol=1e-6)
    sketch.choose(a)
    sketch.nudge("left")  # takes what is seen, and mixes nothing in any more
    np.testing.assert_allclose(sketch.image, nudged((a + b) / 2, "left"), atol=1 / 255)
    assert sketch.share == 0
    sketch.draw(np.kron(b, np.ones((2, 2))))
    np.testing.assert_array_equal(sketch.image, b)
    sketch.clear()
    assert not sketch.image.any()


@given(drawings, st.sampled_from(MOVES))
def test_the_base_of_a_sketch_is_always_one_that_text_can_hold(ink, move):
    sketch = Sketch(np.zeros((28, 28)))
    sketch.draw(ink)
    sketch.nudge(move)
    np.testing.assert_array_equal(from_text(to_text(sketch.base)), sketch.base)
