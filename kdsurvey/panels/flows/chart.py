"""The picture of the flows panel: accuracies, an image, and FSP matrices of it."""

from typing import NamedTuple

from torch import Tensor

from kdsurvey.panels.kit.images import pictures
from kdsurvey.panels.race.arm import Arms
from kdsurvey.pictures import (
    Axis,
    Cells,
    Chart,
    Image,
    Picture,
    Table,
    Text,
    image_chart,
)
from kdsurvey.pictures.palette import COLOURS, INK

NAMES = ("labels alone", "flow, then labels")
TEACHER = "teacher"
Matrices = list[Tensor]  # (n, c_start, c_end), one a section


class Looked(NamedTuple):
    """Which image is shown, and which section."""

    place: int  # among the images whose matrices are kept
    pixels: Tensor  # (c, h, w)
    label: str
    section: int  # from 0


def picture(accuracies: Chart, arms: Arms, wanted: Matrices, looked: Looked) -> Picture:
    """Return the accuracies, and beside them the teacher's matrix of one image and section,
    those of both students, and how far these are off.

    wanted: the teacher's matrices.
    """
    theirs = wanted[looked.section]
    nets = {TEACHER: theirs}
    nets |= {arm.name: arm.measured[looked.section] for arm in arms}
    largest = max(theirs[looked.place].max().item(), 1e-12)
    colours = dict(zip((TEACHER, *NAMES), (INK, *COLOURS)))
    maps = {
        name: _map(name, nets.get(name), looked.place, largest, colours[name])
        for name in colours
    }
    charts = {"accuracy": accuracies, **maps}
    caption = f"image {looked.place}, label {looked.label}"
    pixels = pictures(looked.pixels[None])[0]
    charts["image"] = image_chart([Image(pixels)], caption=caption)
    charts["words"] = _words(arms, theirs, looked.section)
    last, first = NAMES[1], NAMES[0]
    return Picture(
        charts,
        height=340,
        mosaic=[
            ["accuracy", TEACHER, last, first],
            ["accuracy", "image", "words", "words"],
        ],
        widths=(2.8, 1, 1, 1),
        heights=(1.25, 1),
        tables=[table(arms, wanted, looked.place)],
    )


def _map(
    name: str, matrices: Tensor | None, image: int, largest: float, colour: str
) -> Chart:
    """Return one matrix as a heat map, on the scale of the teacher's; nothing where there is
    none.
    """
    marks = []
    if matrices is not None:
        values = matrices[image].tolist()
        marks.append(Cells(values, low=0, high=largest, colours="cividis"))
    y = Axis("channel, start" if name == TEACHER else "", ticks=())
    x = Axis("channel, end", ticks=())
    return Chart(
        marks, x, y, title=name, title_colour=colour, frame="box", equal=bool(marks)
    )


def _words(arms: Arms, theirs: Tensor, section: int) -> Chart:
    """Return what is said beside the image."""
    lines = ["One colour scale: 0 to the teacher's", "largest entry.", ""]
    if arms:
        lines += [
            f"Off the teacher's flow in section {section + 1},",
            f"{len(theirs)} images (0: equal, 1: as far as none)",
        ]
    for arm in reversed(arms):
        lines.append(f"{arm.name}: {distance(theirs, arm.measured[section]):.2f}")
    words = Text(0, 1, "\n".join(lines), va="top", place="axes")
    return Chart([words], frame="none")


def distance(theirs: Tensor, g: Tensor) -> float:
    """Return ||G_T - G_S||^2 summed over images, as a share of ||G_T||^2: 0 where the flow is
    the teacher's. (..., c, c) each.
    """
    squared = (theirs - g).square().sum() / theirs.square().sum().clamp(min=1e-12)
    return squared.item()


def table(arms: Arms, wanted: Matrices, image: int) -> Table:
    """Return how far the matrices are off, of one image and of all, section by section."""
    rows = []
    for k, theirs in enumerate(wanted if arms else ()):
        one = [f"{distance(theirs[image], a.measured[k][image]):.3f}" for a in arms]
        every = [f"{distance(theirs, arm.measured[k]):.3f}" for arm in arms]
        rows.append([f"section {k + 1}, image {image}", *one])
        rows.append([f"section {k + 1}, {len(theirs)} images", *every])
    caption = (
        "Off the teacher's flow on validation images: ‖G_T − G_S‖² as a share of ‖G_T‖²"
    )
    return Table(caption, ["", *(arm.name for arm in arms)], rows)
