"""Marks as matplotlib's artists."""

import math
from functools import singledispatch

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import Colormap, Normalize, PowerNorm
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import FancyArrowPatch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text as Words
from matplotlib.transforms import Bbox, IdentityTransform, ScaledTranslation, Transform

from kdsurvey.pictures import marks
from kdsurvey.pictures.palette import FAINT, GAINS, INK, ink_on

POINT = 0.75  # points in a CSS pixel: 72 and 96 of them are an inch
CAP = 6.0  # CSS pixels: the length of the caps of an error bar
CORNERS = np.array([[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]], float)
CODES = (Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY)
GAP = 2.0  # CSS pixels between a bar and what is written at its end


def transform_of(place: str, axes: Axes) -> Transform:
    """Return the transform that a mark's `place` stands for."""
    transforms = {
        "data": axes.transData,
        "x": axes.get_xaxis_transform(),
        "y": axes.get_yaxis_transform(),
        "axes": axes.transAxes,
    }
    return transforms[place]


def words(x: float, y: float, text: str, size: float, colour: str, **look) -> Words:
    """Return a text that never reads its words as mathematics; size in CSS pixels."""
    look |= {"parse_math": False, "fontsize": POINT * size, "color": colour}
    return Words(x, y, text, **look)


def draw_on(axes: Axes, artist: Artist, renderer) -> None:
    """Draw an artist that the axes need not know: it is drawn once."""
    artist.set_figure(axes.figure)
    artist.axes = axes
    if artist.get_clip_on() and not isinstance(artist, Words):
        box = artist.clipbox or axes.bbox
        artist.set_clip_box(box)
    artist.draw(renderer)


@singledispatch
def artists_of(mark: marks.Mark, axes: Axes) -> list[Artist]:
    """Return the artists that show a mark on these axes, the lowest first."""
    raise TypeError(f"{type(mark).__name__} cannot be drawn")


@artists_of.register
def _line(mark: marks.Line, axes: Axes) -> list[Artist]:
    line = Line2D(
        mark.x,
        mark.y,
        color=mark.colour,
        linestyle=mark.style or "none",
        linewidth=POINT * mark.width,
        marker=mark.marker or "none",
        markersize=POINT * mark.size,
        markevery=max(1, mark.every),
        alpha=mark.alpha,
        solid_capstyle="butt",
        transform=transform_of(mark.place, axes),
    )
    return [line]


@artists_of.register
def _points(mark: marks.Points, axes: Axes) -> list[Artist]:
    bars = []
    if mark.spread:
        errors = mark.x, mark.y, mark.spread
        bars = [_error_bars(axes, *errors, mark.across, mark.colour)]
    shown = _areas(mark, axes) if mark.area else _markers(mark, axes)
    shown.set_clip_box(_wider(axes, max(12.0, mark.size)))
    return [*bars, shown]


def _wider(axes: Axes, pixels: float) -> Bbox:
    """Return the box of the axes, wider by some pixels, so that no marker is cut."""
    return axes.bbox.padded(pixels * axes.figure.dpi / 96)


def _areas(mark: marks.Points, axes: Axes) -> Artist:
    style = MarkerStyle(mark.marker or "none")
    path = style.get_path().transformed(style.get_transform())
    offsets = np.column_stack([mark.x, mark.y]) if mark.x else np.zeros((0, 2))
    return PathCollection(
        (path,),
        sizes=POINT**2 * np.asarray(mark.area),
        offsets=offsets,
        offset_transform=transform_of(mark.place, axes),
        transform=IdentityTransform(),  # else a legend moves the markers out of sight
        facecolors="none" if mark.hollow else mark.colour,
        edgecolors=mark.colour if mark.hollow else "none",
        alpha=mark.alpha,
    )


def _markers(mark: marks.Points, axes: Axes) -> Artist:
    return Line2D(
        mark.x,
        mark.y,
        color=mark.colour,
        linestyle="none",
        marker=mark.marker,
        markersize=POINT * mark.size,
        markerfacecolor="white" if mark.hollow else mark.colour,
        markeredgecolor=mark.colour if mark.hollow else "white",
        markeredgewidth=1.0 if mark.hollow else 0.4,
        alpha=mark.alpha,
        transform=transform_of(mark.place, axes),
    )


def _error_bars(axes: Axes, x, y, spread, across: bool, colour: str) -> Artist:
    """Return error bars with caps, along x where `across`, else along y."""
    x, y, spread = (np.asarray(values, float) for values in (x, y, spread))
    gap = np.full(len(x), math.nan)
    values = x if across else y
    ends = np.column_stack([values - spread, values + spread, gap]).ravel()
    places = np.repeat(y if across else x, 3)
    data = (ends, places) if across else (places, ends)
    caps = "|" if across else "_"
    return Line2D(
        *data,
        marker=caps,
        transform=axes.transData,
        color=colour,
        linewidth=1.0,
        markersize=POINT * CAP,
    )


@artists_of.register
def _bars(mark: marks.Bars, axes: Axes) -> list[Artist]:
    base = mark.base or (0.0,) * len(mark.y)
    boxes = zip(mark.x, mark.half_widths(), base, mark.ends())
    corners = [_corners(*box, mark.across) for box in boxes]
    vertices = np.concatenate(corners) if corners else np.zeros((0, 2))
    path = Path(vertices, CODES * len(corners)) if corners else Path(vertices)
    bars = PathPatch(
        path,
        facecolor=mark.colour,
        edgecolor="white",
        linewidth=0.5 if mark.edge else 0,
        hatch=mark.hatch or None,
        alpha=mark.alpha,
        transform=axes.transData,
    )
    spread = []
    if mark.spread:
        xy = (mark.ends(), mark.x) if mark.across else (mark.x, mark.ends())
        spread = [_error_bars(axes, *xy, mark.spread, mark.across, INK)]
    return [bars, *spread]


def _corners(x, half, low, high, across: bool) -> np.ndarray:
    """Return the five corners of a bar's outline, all 0 for a bar that is a gap."""
    if math.isfinite(x) and math.isfinite(low) and math.isfinite(high):
        size = np.array([2 * half, high - low])
        corners = np.array([x - half, low]) + CORNERS * size
    else:
        corners = np.full((5, 2), [x - half, 0.0])
    return corners[:, ::-1] if across else corners


def words_at_ends(mark: marks.Bars, axes: Axes) -> list[Artist]:
    """Return what is written at the bars' ends, on the side that they point to."""
    written: list[Artist] = []
    tips = [s if s > 0 else 0.0 for s in mark.spread] or [0.0] * len(mark.x)
    for x, y, tip, text in zip(mark.x, mark.ends(), tips, mark.words):
        if not text or not math.isfinite(y):
            continue
        sign = 1 if y >= 0 else -1
        end = y + sign * tip
        if mark.across:
            place, shift = (end, x), (3 * GAP * sign, 0.0)
            look = {"ha": "left" if sign > 0 else "right", "va": "center"}
        else:
            place, shift = (x, end), (0.0, GAP * sign)
            look = {"ha": "center", "va": "bottom" if sign > 0 else "top"}
        moved = _shifted(axes.transData, axes, shift)
        size = marks.SMALLEST
        x, y = place
        written.append(words(x, y, text, size, INK, transform=moved, **look))
    return written


def _shifted(transform: Transform, axes: Axes, shift: tuple[float, float]) -> Transform:
    """Return the transform, moved by (right, up) CSS pixels."""
    x, y = (POINT * pixels / 72 for pixels in shift)
    return transform + ScaledTranslation(x, y, axes.figure.dpi_scale_trans)


@artists_of.register
def _band(mark: marks.Band, axes: Axes) -> list[Artist]:
    x, low, high = (np.asarray(values) for values in (mark.x, mark.low, mark.high))
    there = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    starts = np.flatnonzero(np.diff(there, prepend=False, append=False))
    areas = []
    for first, last in starts.reshape(-1, 2):
        part = slice(first, last)
        edge = np.column_stack([x[part], high[part]])
        back = np.column_stack([x[part], low[part]])[::-1]
        areas.append(np.concatenate([edge, back]))
    return [
        PolyCollection(
            areas,
            transform=axes.transData,
            facecolors=mark.colour,
            linewidths=0,
            alpha=mark.alpha,
        )
    ]


@artists_of.register
def _rule(mark: marks.Rule, axes: Axes) -> list[Artist]:
    place = "y" if mark.horizontal else "x"
    transform = transform_of(place, axes)
    if mark.to:
        return [_area(mark, transform)]
    gap = [math.nan] * len(mark.at)
    along = np.column_stack([mark.at, mark.at, gap]).ravel()
    span = [*mark.span, math.nan] * len(mark.at)
    data = (span, along) if mark.horizontal else (along, span)
    line = Line2D(
        *data,
        color=mark.colour,
        linestyle=mark.style,
        linewidth=POINT * mark.width,
        alpha=mark.alpha,
        transform=transform,
    )
    return [line]


def _area(mark: marks.Rule, transform: Transform) -> Artist:
    """Return the areas between `at` and `to`."""
    bottom, top = mark.span
    areas = []
    for at, to in zip(mark.at, mark.to):
        corners = np.array([at, bottom]) + CORNERS * [to - at, top - bottom]
        areas.append(corners[:, ::-1] if mark.horizontal else corners)
    return PolyCollection(
        areas,
        transform=transform,
        facecolors=mark.colour,
        linewidths=0,
        alpha=mark.alpha,
    )


@artists_of.register
def _cells(mark: marks.Cells, axes: Axes) -> list[Artist]:
    colours: Colormap = GAINS if mark.colours == "gains" else colormaps[mark.colours]
    scale = Normalize(mark.low, mark.high)
    if mark.power != 1:
        scale = PowerNorm(mark.power, mark.low, mark.high)
    values = np.ma.masked_invalid(np.asarray(mark.values, float))
    heat = AxesImage(
        axes,
        extent=mark.extent(),
        origin="upper",
        cmap=colours,
        norm=scale,
        interpolation="nearest",
    )
    heat.set_data(values)
    heat.set_transform(axes.transData)
    centre = {"ha": "center", "va": "center", "transform": axes.transData}
    backs = colours(scale(values))[..., :3]
    written = []
    for i, row in enumerate(mark.words):
        for j, text in enumerate(row):
            if text:
                ink = ink_on(backs[i, j])
                written.append(words(j, i, text, mark.size, ink, **centre))
    return [heat, *written]


@artists_of.register
def _image(mark: marks.Image, axes: Axes) -> list[Artist]:
    image = AxesImage(
        axes,
        extent=mark.extent,
        interpolation="nearest",
        cmap="gray_r",
        norm=Normalize(mark.low, mark.high),
    )
    image.set_data(np.asarray(mark.pixels))
    image.set_transform(axes.transData)
    return [image]


@artists_of.register
def _text(mark: marks.Text, axes: Axes) -> list[Artist]:
    transform = _shifted(transform_of(mark.place, axes), axes, mark.shift)
    look = {"ha": mark.ha, "va": mark.va, "linespacing": 1.35, "rotation": mark.tilt}
    if mark.along:
        look |= {"rotation_mode": "anchor", "transform_rotates_text": True}
    if mark.boxed or mark.bare:
        edge = "none" if mark.bare else FAINT
        style = "square,pad=0.1" if mark.bare else "round,pad=0.3"
        look["bbox"] = {"boxstyle": style, "facecolor": "white", "edgecolor": edge}
    weight = "bold" if mark.bold else "normal"
    look |= {"transform": transform, "fontweight": weight}
    return [words(mark.x, mark.y, mark.text, mark.size, mark.colour, **look)]


@artists_of.register
def _arrow(mark: marks.Arrow, axes: Axes) -> list[Artist]:
    arrow = FancyArrowPatch(
        mark.start,
        mark.end,
        arrowstyle="-|>" if mark.filled else "->",
        color=mark.colour,
        linestyle=mark.style,
        linewidth=POINT * mark.width,
        mutation_scale=10,
        shrinkA=0,
        shrinkB=0,
        transform=axes.transData,
    )
    return [arrow]


@artists_of.register
def _frame(mark: marks.Frame, axes: Axes) -> list[Artist]:
    outline = Rectangle(
        (mark.x, mark.y),
        mark.across,
        mark.along,
        fill=False,
        edgecolor=mark.colour,
        linewidth=POINT * mark.width,
        transform=axes.transData,
    )
    outline.set_clip_on(False)
    return [outline]
