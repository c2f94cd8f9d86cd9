"""Nets that grow and keep their function: Net2Net."""

from collections.abc import Iterator

from kdsurvey.schemes.parts import (
    Box,
    Curve,
    Frame,
    Look,
    Part,
    Spot,
    Words,
    copied,
    forward,
)
from kdsurvey.schemes.parts import numbers as tensor
from kdsurvey.schemes.scheme import Scheme


def net2wider() -> Scheme:
    """Draw a unit that becomes two, with its outgoing weight halved."""
    parts = (
        Frame("Before: the trained net", 24, 58, 448, 370),
        Frame("After: one unit more, the same function", 488, 58, 448, 370),
        *_units(248, (160.0, 340.0), ("1", "4"), "frozen"),
        *_units(712, (130.0, 250.0, 370.0), ("1", "4 / 2", "4 / 2"), "learns"),
        copied(Spot(712, 276, "h_2"), Spot(712, 344, "h_3"), text="copy"),
    )
    return Scheme(
        "net2wider",
        "Net2Wider: a unit becomes two, and each passes on half",
        parts,
        (
            "U_{kj} = W_{k,g(j)};   U'_{jh} = W'_{g(j),h} / |{x : g(x) = g(j)}|",
            "before: z = 1 · 2 + 4 · 6 = 26;   after: z = 1 · 2 + 2 · 6 + 2 · 6 = 26",
        ),
        "Two small nets, before and after. Before: the input x = 2 goes with weight 1 "
        "to the hidden unit h_1 = 2 and with weight 3 to the hidden unit h_2 = 6; the "
        "output z = 26 takes 1 times h_1 and 4 times h_2. This net is trained and does "
        "not learn now. After: a third unit h_3 = 6 is a copy of h_2, with the same "
        "incoming weight 3. The outgoing weight 4 is halved: h_2 and h_3 pass on 4 / 2 "
        "each. So z = 26 as before: the same function. There is no loss in this step; "
        "from here on all weights of the wider net learn.",
    )


def _units(
    x: float, heights: tuple[float, ...], out: tuple[str, ...], look: Look
) -> Iterator[Part]:
    """Draw a net of one input, hidden units one below another and one output.

    x: the middle; out: the weights from each hidden unit to the output.
    """
    entry = Box("x", x - 168, 250, 84, 92, "numbers", "x = 2")
    answer = Box("z", x + 168, 250, 88, 92, "numbers", "z = 26")
    yield from (entry, answer)
    for k, (y, weight) in enumerate(zip(heights, out), 1):
        into, value = ("1", "2") if k == 1 else ("3", "6")
        unit = Box(f"h_{k}", x, y, 100, 52, look, f"h_{k} = {value}")
        side = (y > 250) - (y < 250)  # below or above the middle
        yield unit
        yield forward(entry.right(28 * side), unit.left())
        yield forward(unit.right(), answer.left(28 * side))
        middle = (y + 250 + 28 * side) / 2 + (15 * side or -15)
        yield Words(into, x - 88 - 14 * abs(side), middle, bold=True)
        yield Words(weight, x + 87 + 32 * abs(side), middle, bold=True)


def net2deeper() -> Scheme:
    """Draw an identity that is slipped in behind a layer."""
    before = tensor("h' before", 104, 132, 110, 44, "h'")
    layer = Box("layer W", 300, 132, 170, 66, "frozen", "layer W\nthen ReLU φ")
    rest = Box("rest", 830, 132, 150, 66, "frozen", "rest\nof the net")
    after = tensor("h' after", 104, 272, 110, 44, "h'")
    same = Box("layer W after", 300, 272, 170, 66, "learns", "layer W\nthen ReLU φ")
    new = Box("new layer", 566, 272, 158, 66, "learns", "new: U = I\nthen ReLU φ")
    again = Box("rest after", 830, 272, 150, 66, "learns", "rest\nof the net")
    parts = (
        Frame("Before: the trained net", 24, 58, 912, 126),
        Frame("After: one layer more, the same function", 24, 198, 912, 300),
        *(before, layer, rest, after, same, new, again),
        forward(before.right(), layer.left()),
        forward(layer.right(), rest.left(), text="h = (0, 2, 3)"),
        forward(after.right(), same.left()),
        forward(same.right(), new.left(), text="(0, 2, 3)"),
        forward(new.right(), again.left(), text="(0, 2, 3)"),
        *_identity(566, 400),
        Words("U starts as the identity,", 300, 378),
        Words("and φ changes nothing", 300, 404),
        Words("the second time.", 300, 430),
    )
    return Scheme(
        "net2deeper",
        "Net2Deeper: a new layer starts as the identity",
        parts,
        ("h = φ(W^⊤ h') becomes h = φ(U^⊤ φ(W^⊤ h')) with U = I, as φ(φ(v)) = φ(v)",),
        "Two rows. Before: a layer W with the activation ReLU, written phi, makes h = "
        "(0, 2, 3) of its input h', and the rest of the net goes on with it. This net "
        "is trained and does not learn now. After: between layer W and the rest stands "
        "a new layer whose weights U are the identity matrix, ones on the diagonal and "
        "zeros elsewhere, with a ReLU of its own. It gets (0, 2, 3) and gives (0, 2, "
        "3), as phi changes nothing the second time. So the function is the same. There "
        "is no loss in this step; from here on all layers learn.",
    )


def _identity(x: float, y: float) -> tuple[Part, ...]:
    """Draw the identity matrix, three by three."""
    side = 46.0
    matrix = Box("U", x, y, 3 * side, 3 * side, "square", " ")
    cells = [
        Words(
            "1" if i == k else "0", x + side * (k - 1), y + side * (i - 1), bold=i == k
        )
        for i in range(3)
        for k in range(3)
    ]
    far = 1.5 * side
    lines = [
        Curve(((x - far, y + at), (x + far, y + at))) for at in (-side / 2, side / 2)
    ]
    lines += [
        Curve(((x + at, y - far), (x + at, y + far))) for at in (-side / 2, side / 2)
    ]
    return (matrix, *lines, *cells, Words("U =", x - far - 14, y, "end"))
