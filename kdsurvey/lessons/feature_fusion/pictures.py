"""The net of notebook 10 as a drawing: what flows where, with shapes, and who teaches whom."""

from collections.abc import Mapping

from kdsurvey import plots

TITLE = "FFL: maps of the branches side by side, and two arrows of distillation"


def scheme(shapes: Mapping[str, tuple[int, ...]]) -> plots.Picture:
    """The net of FFL; shapes: those of `feature_fusion.shapes`, of which the batch is
    left out here.
    """
    figure, axis = plots.canvas(9.0, 4.2)
    axis.axis("off")
    axis.set(xlim=(0, 10.4), ylim=(0.2, 4.7), title=TITLE)
    said = {name: " × ".join(map(str, of[1:])) for name, of in shapes.items()}
    m = shapes["side by side"][1] // shapes["last map of a branch"][1]
    heights = [4.2 - 0.8 * k for k in range(m)]
    middle, low = sum(heights) / m, 0.8
    _box(axis, 0.7, middle, f"images\n{said['images']}")
    _box(axis, 2.4, middle, f"shared trunk\n{said['shared trunk']}")
    _flow(axis, (1.2, middle), (1.75, middle))
    for k, y in enumerate(heights):
        _box(axis, 4.6, y, f"maps of branch {k}\n{said['last map of a branch']}")
        _box(axis, 6.9, y, f"head: $z_{k}$")
        for start, end in (
            ((3.1, middle), (3.75, y)),
            ((5.45, y), (6.35, y)),
            ((7.45, y), (8.55, middle)),
        ):
            _flow(axis, start, end)
    _box(axis, 9.1, middle, "mean: $z_e$")
    steps = {
        4.6: "side by side",
        6.6: "depthwise 3x3, BN, ReLU",
        8.3: "pointwise 1x1, BN, ReLU",
    }
    for x, name in steps.items():
        _box(axis, x, low, f"{name.replace(', BN', chr(10) + 'BN')}\n{said[name]}")
    _box(axis, 9.8, low, "head: $z_f$")
    for start, end in (
        ((4.6, heights[-1] - 0.32), (4.6, low + 0.35)),
        ((5.2, low), (5.85, low)),
        ((7.35, low), (7.55, low)),
    ):
        _flow(axis, start, end)
    _flow(axis, (9.05, low), (9.28, low))
    _teach(axis, (9.3, middle - 0.25), (9.8, low + 0.3), 0, "ensemble KD", (9.75, 2.0))
    _teach(
        axis,
        (9.55, low + 0.3),
        (6.95, heights[-1] - 0.25),
        1,
        "fusion KD, to each $z_k$",
        (7.5, 1.9),
    )
    text = "; ".join(f"{name} {shape}" for name, shape in said.items())
    return plots.Picture(
        figure,
        f"{TITLE}. Shapes, without the batch: {text}. z_e, the mean, teaches z_f; z_f teaches every z_k.",
    )


def _box(axis, x: float, y: float, text: str) -> None:
    axis.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=8,
        bbox={"boxstyle": "round", "fc": "white", "ec": "#777777"},
    )


def _flow(axis, start: tuple[float, float], end: tuple[float, float]) -> None:
    axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#777777"})


def _teach(
    axis, start: tuple, end: tuple, k: int, text: str, place: tuple[float, float]
) -> None:
    """An arrow of distillation, in a colour and a line style of its own."""
    style = {
        "arrowstyle": "-|>",
        "color": plots.COLOURS[k],
        "linestyle": plots.STYLES[k],
        "lw": 2,
    }
    axis.annotate("", end, start, arrowprops=style)
    axis.text(
        *place,
        text,
        color=plots.COLOURS[k],
        fontsize=9,
        ha="center",
        va="center",
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )
