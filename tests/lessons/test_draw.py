"""The source of arguments for exercises."""

import pytest
import torch

from kdsurvey.lessons.draw import Draw


def everything(draw):
    return [
        draw.number(2, 5),
        draw.whole(2, 5),
        draw.one_of(1, 3, 5),
        *draw.logits(4, 3).flatten().tolist(),
        *draw.uniform(4, low=-1, high=2).tolist(),
        *draw.labels(9, 4).tolist(),
        *draw.order(5).tolist(),
    ]


def test_a_seed_draws_the_same_and_another_seed_does_not():
    assert everything(Draw(1)) == everything(Draw(1)) != everything(Draw(2))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_lies_where_it_should(seed):
    draw = Draw(seed)
    assert 2 <= draw.number(2, 5) <= 5 and draw.whole(2, 3) in (2, 3)
    assert draw.one_of("a", "b") in ("a", "b")
    values = draw.uniform(50, low=-1, high=2)
    assert -1 <= values.min() < 0.5 < values.max() <= 2
    torch.testing.assert_close(draw.shares(4, 3).sum(1), torch.ones(4))
    assert draw.logits(4, 3).shape == (4, 3)


@pytest.mark.parametrize("seed", range(20))
def test_labels_are_never_all_alike_and_an_order_always_moves(seed):
    labels = Draw(seed).labels(6, 4)
    assert labels.tolist()[:2] == [1, 2] and labels.min() >= 0 and labels.max() < 4
    assert len(Draw(seed).labels(1, 2)) == 1
    order = Draw(seed).order(3)
    assert order.tolist() != [0, 1, 2] and sorted(order.tolist()) == [0, 1, 2]


def test_the_numbers_are_of_one_kind_whatever_the_reader_has_set():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert Draw(0).logits(2).dtype == Draw(0).uniform(2).dtype == torch.float32
    finally:
        torch.set_default_dtype(before)
