"""Permalinks that earlier versions wrote are still read, and make the run they hold."""

import pytest
from panels.waiting import WAIT

from kdsurvey import panels
from kdsurvey.nets import mlp
from kdsurvey.training import Config

CONFIG = Config(epochs=2, batch_size=50, lr=0.02, schedule="constant", device="cpu")
HINTS = (
    "kd1.hints.ePmFuSM1NY9NCoAgEIXvMmuRtCTwKuFCSEsoC9OVePdmIndv8b73s1RY3Y2RemSwlbCSUTDYQ8yg5UcoInxIT"
    "_7pw5IUJOOVTtA5FddbZqwvEW9UYiVX3eTt8bjGBtPYAgNHHJdJLiYuwJgXqRImaQ"
)
COMPARE = (
    "kd1.compare.ePmFuSM1i66G6LFSyklMSs0phmu2UirOTytR0FbISCxKATvFyghFpyXMMVYWMAtMgJpL84A-QBiGYoi5nrEO"
    "SKOFjomOUWytTrSSgZ6hngFQmZGeoYmeoVJsLAD5ryev"
)
GROWING = (
    "kd1.growing.ePmFuSM1TY-xCsMwDER_pWhqQRhbSTv4I_oDQoNJNQSME9pkCKX_3nOnDjfouHvi9E21HP6kLICXgzJNyzr7"
    "43S--ybQpfPK5pRTb7Zlfnlvxusfdy0TzLbXivDeMGJgVeHICfqFYxiMdYQh3QQLPDO-2YeVYsCFTxLSGBKZfQEU5yg0"
)


def finished(panel):
    assert panel.wait(WAIT)
    panel.settle()
    panel.check()
    return panel


def test_a_race(data, close):
    net = mlp(36, 16, 12, 5, seed=3)
    panel = close(panels.hints(data, net, config=CONFIG, width=8, depth=3))
    panel.paste(HINTS)
    finished(panel)
    assert panel.state()["run"] == [{"T": 2.5, "norm": False}, 0]
    assert (panel.T.value, panel.norm.value, panel.seed.value) == (5.0, True, 7)
    assert panel.status.startswith("Finished after 2 epochs.")


def test_two_methods_side_by_side(data, close):
    net = mlp(36, 16, 12, 5, seed=3)
    panel = close(panels.compare(data, net, config=CONFIG, width=8))
    panel.paste(COMPARE)
    finished(panel)
    assert panel.state()["run"] == [{"T": 7.3}, 0] and panel.T.value == 2.0
    assert panel.run_settings.seed == 4 and len(panel.sides[0].accuracy) == 2
    assert panel.status.startswith("Finished after 2 epochs.")


def test_a_net_that_grew(data, close):
    panel = close(panels.growing(data, config=CONFIG, pace=None))
    panel.paste(GROWING)
    finished(panel)
    run = [3, [[2, 0, 1, 0, 0.05, 0.3], [4, 1, 2, 1, 0.0, 1.0]], 6]
    assert panel.state()["run"] == run and panel.seed.value == 0
    assert [one.batches for one in panel.grown] == [2, 4]


@pytest.mark.parametrize("until", [0, 2.5])
def test_an_earlier_run_that_never_was_is_refused(data, close, until):
    net = mlp(36, 16, 12, 5, seed=3)
    panel = close(panels.compare(data, net, config=CONFIG, width=8))
    run = ["labels", "labels", 4.0, 0.9, 8, 0, until]
    with pytest.raises(ValueError, match="no run that this panel could make again"):
        panel.restore(panel.state() | {"run": run})
