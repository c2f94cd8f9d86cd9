"""Batches: which examples come when, and the last ones of an epoch."""

import pytest
import torch

from kdsurvey.batches import Batches, jitter

CPU = torch.device("cpu")


def data(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.arange(n, dtype=torch.float32).reshape(n, 1, 1, 1), torch.arange(n)


@pytest.mark.parametrize(
    ("size", "n", "sizes"),
    [
        (4, 8, [4, 4]),
        (4, 6, [4, 2]),
        (4, 5, [4]),  # batch norm cannot learn from one
        (1, 3, [1, 1, 1]),
        (4, 1, [1]),
        (9, 4, [4]),
    ],
)
def test_a_last_example_alone_is_left_out_unless_all_are_alone(size, n, sizes):
    batches = list(Batches(size, 0, 0, CPU).of_epoch(*data(n)))
    assert [len(batch.y) for batch in batches] == sizes


def test_every_example_comes_once_with_its_label_in_another_order_each_epoch():
    x, y = data(12)
    batches = Batches(5, 0, 3, CPU)
    epochs = [list(batches.of_epoch(x, y)) for _ in range(2)]
    orders = [torch.cat([batch.i for batch in epoch]).tolist() for epoch in epochs]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(12))
    assert orders[0] != orders[1] and list(range(12)) not in orders
    for batch in epochs[0]:
        assert batch.x.flatten().tolist() == batch.y.tolist() == batch.i.tolist()
        assert batch.inputs is x and not batch.augmented


def test_members_of_a_stack_draw_as_they_would_alone():
    x, y = data(12)
    (both,) = Batches(12, 0, (3, 5), CPU).of_epoch(x, y)
    alone = [next(Batches(12, 0, seed, CPU).of_epoch(x, y)) for seed in (3, 5)]
    assert both.i.tolist() == [batch.i.tolist() for batch in alone]
    assert both.x.shape == (2, 12, 1, 1, 1) and both.y.tolist() == both.i.tolist()


def test_jitter_moves_each_image_by_up_to_so_many_pixels_and_zeros_come_in():
    x = torch.zeros(500, 1, 7, 5)
    x[:, 0, 3, 2] = 1
    shifted = jitter(x, 2, torch.Generator().manual_seed(0))
    assert shifted.shape == x.shape and shifted.sum() == 500
    rows, columns = shifted[:, 0].nonzero()[:, 1:].T
    assert rows.unique().tolist() == [1, 2, 3, 4, 5]
    assert columns.unique().tolist() == [0, 1, 2, 3, 4]
    assert len(torch.stack([rows, columns]).unique(dim=1).T) == 25


def test_jittered_batches_say_so_and_members_shift_on_their_own():
    x = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    (both,) = Batches(6, 2, (3, 5), CPU).of_epoch(x, torch.arange(6))
    alone = [next(Batches(6, 2, s, CPU).of_epoch(x, torch.arange(6))) for s in (3, 5)]
    assert both.augmented and torch.equal(both.x, torch.stack([b.x for b in alone]))
    assert not torch.equal(both.x, x[both.i])
