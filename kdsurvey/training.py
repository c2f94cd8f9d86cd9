"""The only training loop: stages in, rows out.

One seed gives the same rows to the last bit on one thread, see `threads`.
"""

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    closing,
    nullcontext,
    suppress,
)
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from kdsurvey import optimisers, threads
from kdsurvey.batches import Batches
from kdsurvey.config import Config, device_of
from kdsurvey.data import Data
from kdsurvey.draws import OwnDraws, may_draw
from kdsurvey.finite import is_finite
from kdsurvey.learners import (
    frozen_parts,
    home,
    looked_at,
    to_train,
    visiting,
    weights_of,
)
from kdsurvey.progress import bar
from kdsurvey.stage import Batch, Loss, Predict, Stage, in_eval, logits_of

# A learner's turn on a batch: its loss, its optimiser, what its terms' names begin with
Turn = tuple[Loss, torch.optim.Optimizer, str]
Terms = dict[str, Tensor]


class StopTraining(Exception):
    """Raised by a hook to end training early and in order.

    `train` then returns the rows it has.
    """


class NoAnswer(ValueError):
    """Raised where accuracy is asked of a net that says NaN."""


class Step(NamedTuple):
    """One optimiser step, as a per-batch hook gets it, after the step.

    Reading a tensor in it waits for the device.
    """

    stage: str
    epoch: int  # from 1
    progress: float  # of this stage, in [0, 1]
    lr: float
    terms: Terms  # already weighted loss terms of this batch, before the step
    examples: int


def train(
    stages: Iterator[Stage],
    data: Data,
    config: Config,
    on_epoch: Callable[[dict], None] | None = None,
    *,
    on_batch: Callable[[Step], None] | None = None,
    progress: bool = True,
) -> list[dict]:
    """Train the learners of each stage in place; return rows, one per epoch.

    Where a stack learns, one per epoch and member. The learners train on the device of
    the config, and return to the one they came from, in eval mode. Parts that came in
    eval mode with no weight that learns stay in it: their batch norm is frozen, too.

    A row holds "stage", "epoch", "lr", the mean of every loss term, "NAME validation
    accuracy" for what the stage scores where the data has a validation part, and in a
    stage's last row "NAME test accuracy": the test images are looked at once. stages:
    what a method returns; it is spent. on_epoch(row) and on_batch(Step) may raise
    StopTraining. progress: draw a bar. Raises ValueError for a list or a spent
    generator, a learner that does not return logits for all classes, weights and images
    of two types, a stage that gets no whole epoch; FloatingPointError, naming the terms,
    when a loss is not finite.
    """
    rows = []
    trained = epochs(stages, data, config, on_batch=on_batch, progress=progress)
    with suppress(StopTraining), closing(trained):
        for row in trained:
            rows.append(row)
            if on_epoch:
                on_epoch(dict(row))
    return rows


def epochs(
    stages: Iterator[Stage],
    data: Data,
    config: Config,
    *,
    on_batch: Callable[[Step], None] | None = None,
    progress: bool = False,
) -> Generator[dict, None, None]:
    """Train as `train` does, and yield one row at a time.

    Between two rows anything may happen, another run's epoch too: a run that takes
    turns with others gives the rows that it gives alone. What on_batch raises comes
    out, StopTraining too.
    """
    _check(stages, data, config)
    device = device_of(config)
    rows = _all_rows(stages, _there(data, device), config, device, on_batch, progress)
    try:
        while True:
            # whatever an earlier cell has switched off
            with torch.inference_mode(False), torch.enable_grad(), threads.of_a_run():
                row = next(rows, None)
            if row is None:
                return
            yield row
    finally:
        rows.close()
        if hasattr(stages, "close"):
            stages.close()  # a run cut short cannot be taken up at its next stage


def _there(data: Data, device: torch.device) -> Data:
    """Bring the data to the device; ValueError where there is no such device."""
    try:
        return data.to(device)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f'Config: device = "{device}" cannot be used here; give "auto", which takes '
            f'a GPU where there is one, or "cpu": {error}'
        ) from error


def accuracy(predict: Predict, x: Tensor, y: Tensor) -> float | Any:
    """Compute the share of x (n, ...) whose largest logit is at y (n,), in [0, 1].

    For a stack, a list with one share a member. predict: a net, or any function from x
    to logits. A net is measured in eval mode and left in the mode it came in. Raises
    ValueError when x is empty, where y is not (n,), where predict returns no logits, or
    NaN.
    """
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    if len(x) != len(y) or not len(x) or y.ndim != 1:
        raise ValueError(
            "accuracy: need as many labels as inputs, y (n,), at least one; "
            f"got x {tuple(x.shape)}, y {tuple(y.shape)}"
        )
    device = home(predict, x.device) if isinstance(predict, nn.Module) else x.device
    with torch.no_grad(), in_eval(predict), threads.of_a_run():
        counts = torch.stack(
            [
                _counted(logits_of(predict, images.to(device)), labels.to(device))
                for images, labels in zip(x.split(2048), y.split(2048))
            ]
        ).sum(0)
    hits, unknown = counts.cpu()
    if unknown.any():
        raise NoAnswer(
            f"accuracy: {type(predict).__name__} returns NaN for {int(unknown.max()):,} of "
            f"{len(x):,} inputs; train it with a lower lr, or look for NaN in its weights "
            "and inputs"
        )
    return (hits.double() / len(x)).tolist()


def _counted(z: Tensor, y: Tensor) -> Tensor:
    """Count the right answers and those with NaN: (2, ...)."""
    if z.shape[-2:-1] != y.shape:
        raise ValueError(
            f"accuracy: {len(y)} inputs gave logits {tuple(z.shape)}; give a net that "
            "returns (n, c), or (s, n, c) of a stack"
        )
    return torch.stack([(z.argmax(-1) == y).sum(-1), z.isnan().any(-1).sum(-1)])


def _all_rows(
    stages: Iterator[Stage],
    data: Data,
    config: Config,
    device: torch.device,
    on_batch: Callable[[Step], None] | None,
    progress: bool,
) -> Generator[dict, None, None]:
    batches = Batches(config.batch_size, config.jitter, config.seed, device)
    own = OwnDraws(config.first_seed)
    share, trained = 0.0, 0
    while stage := _built(stages, own):
        share += stage.epochs
        epochs = _whole(config.epochs * share) - trained
        if epochs < 1:
            raise ValueError(
                f"train: the stage {stage.name!r} takes {stage.epochs:g} of "
                f"{config.epochs} epochs, which is none; give more epochs"
            )
        trained += epochs
        with visiting(stage.learn, device):
            yield from _fit(
                stage, data, config, epochs, batches, own, on_batch, progress
            )
    if not trained:
        raise ValueError(
            "train: these stages are spent (a generator runs once); "
            "call the method again for new ones"
        )


def _whole(epochs: float) -> int:
    """Round to a whole number of epochs, a half up."""
    return math.floor(epochs + 0.5 + 1e-9)


def _built(stages: Iterator[Stage], own: OwnDraws) -> Stage | None:
    """Build the next stage; what it draws, for new weights say, is the run's own."""
    with own:
        return next(stages, None)


def _fit(
    stage: Stage,
    data: Data,
    config: Config,
    epochs: int,
    batches: Batches,
    own: OwnDraws,
    on_batch: Callable[[Step], None] | None,
    progress: bool,
) -> Iterator[dict]:
    """Train one stage; yield the rows of each epoch."""
    x, y = data.train
    turns = _turns(stage, config, x.dtype)
    frozen = frozen_parts(stage.learn)
    drawing = any(may_draw(*learnt) for learnt in stage.learn.items())
    draws = own if drawing else nullcontext()
    steps = math.ceil(len(x) / config.batch_size)
    factor = config.factor
    with (
        bar(total=epochs * steps, text=stage.name, show=progress) as shown,
        ExitStack() as first_batch,
    ):
        first_batch.enter_context(looked_at(stage.learn, len(data.classes)))
        for epoch in range(1, epochs + 1):
            to_train(stage.learn, frozen)
            seen: list[tuple[int, Terms]] = []
            for k, batch in enumerate(batches.of_epoch(x, y)):
                done = (epoch - 1 + k / steps) / epochs
                lr = config.lr * stage.lr * factor(done)
                terms = _step(turns, batch, done, lr, config, draws)
                first_batch.close()
                seen.append((batch.y.shape[-1], terms))
                if on_batch:
                    on_batch(Step(stage.name, epoch, done, lr, terms, batch.y.numel()))
                shown.update()
            means = _means(seen, stage, epoch)
            _refuse_diverged(stage, epoch)
            with draws:
                scores = _scores(stage, data, last=epoch == epochs)
            yield from _rows(
                {"stage": stage.name, "epoch": epoch, "lr": lr}, means, scores
            )


def _turns(stage: Stage, config: Config, dtype: torch.dtype) -> list[Turn]:
    prefix = "learner {} " if len(stage.learn) > 1 else ""
    return [
        (loss, _optimiser(learner, config, dtype), prefix.format(k))
        for k, (learner, loss) in enumerate(stage.learn.items())
    ]


def _step(
    turns: list[Turn],
    batch: Batch,
    done: float,
    lr: float,
    config: Config,
    draws: AbstractContextManager,
) -> Terms:
    """Let every learner take its turn on one batch; return the terms, detached.

    Nothing here waits for the device. draws: where the random numbers come from.
    """
    seen: Terms = {}
    for loss, optimiser, prefix in turns:
        with draws, _precision(batch.x.device, config):
            terms = loss(batch, done)
        total = sum(terms.values())
        assert isinstance(total, Tensor)  # sum() alone could be the number 0
        optimiser.param_groups[0]["lr"] = lr
        optimiser.zero_grad()
        # Members of a stack share no weights
        (total.sum() if total.ndim else total).backward()
        optimiser.step()
        seen.update({prefix + name: term.detach() for name, term in terms.items()})
    return seen


def _precision(device: torch.device, config: Config) -> AbstractContextManager:
    if config.precision == "bf16":
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def _optimiser(
    learner: nn.Module, config: Config, dtype: torch.dtype
) -> torch.optim.Optimizer:
    weights = weights_of(learner, dtype)
    shared: dict[str, Any] = {
        "lr": config.lr,
        "weight_decay": config.weight_decay,
        "fused": True,
    }
    if config.optimiser == "adam":
        return optimisers.Adam(weights, **shared)
    return optimisers.SGD(
        weights, momentum=config.momentum, nesterov=config.nesterov, **shared
    )


def _means(seen: list[tuple[int, Terms]], stage: Stage, epoch: int) -> Terms:
    """Compute the epoch's mean of each term, (...), read from the device once.

    seen: examples and terms of each batch; a term may come and go. Raises
    FloatingPointError, naming the terms, where one is not finite.
    """
    means = {}
    for name in dict.fromkeys(name for _, terms in seen for name in terms):
        weights, values = zip(*((n, terms[name]) for n, terms in seen if name in terms))
        share = torch.tensor(weights, dtype=torch.float32)
        losses = torch.stack(values).float().cpu()
        means[name] = torch.tensordot(share / share.sum(), losses, 1)
    broken = [name for name, mean in means.items() if not mean.isfinite().all()]
    if broken:
        raise FloatingPointError(
            f"stage {stage.name!r}, epoch {epoch}: the loss terms {broken} are not "
            "finite; lower lr, or clip the inputs"
        )
    return means


def _refuse_diverged(stage: Stage, epoch: int) -> None:
    """Raise FloatingPointError where the weights of a learner are no longer finite.

    The terms of a step are those before it: no term shows what the last one did.
    """
    for learner in stage.learn:
        if not is_finite(w for w in learner.parameters() if w.requires_grad):
            raise FloatingPointError(
                f"stage {stage.name!r}, epoch {epoch}: the weights of "
                f"{type(learner).__name__} are no longer finite; lower lr"
            )


def _scores(stage: Stage, data: Data, last: bool) -> dict[str, float | list[float]]:
    """Measure the accuracies on validation data, where there is some.

    On the test images too, after the last epoch only.
    """
    parts = {"validation": data.validation} if data.validation else {}
    parts |= {"test": data.test} if last else {}
    for learner in stage.learn:
        learner.eval()
    try:
        return {
            f"{name} {part} accuracy": accuracy(predict, *xy)
            for name, predict in stage.score.items()
            for part, xy in parts.items()
        }
    except NoAnswer as error:
        raise FloatingPointError(f"stage {stage.name!r}: {error}") from error


def _rows(start: dict, means: Terms, scores: dict) -> Iterator[dict]:
    """Yield one row, or for a stack one row per member."""
    columns = {name: mean.tolist() for name, mean in means.items()} | scores
    stack = max((len(v) for v in columns.values() if isinstance(v, list)), default=0)
    if not stack:
        yield start | columns
    for member in range(stack):
        own = {
            name: value[member] if isinstance(value, list) else value
            for name, value in columns.items()
        }
        yield start | {"member": member} | own


def _check(stages: object, data: object, config: object) -> None:
    if not isinstance(data, Data) or not isinstance(config, Config):
        raise ValueError(
            "train: give (stages, data, config), a Data and a Config; got "
            f"{type(data).__name__} and {type(config).__name__}; "
            "Data(train=(x, y), test=(x, y), classes=..., source=...) takes tensors"
        )
    if isinstance(stages, (list, tuple, Stage)) or not hasattr(stages, "__next__"):
        raise ValueError(
            "train: stages must be the generator that a method returns, got "
            f"{type(stages).__name__}; in a list, later stages would be built before "
            "earlier ones have trained"
        )
