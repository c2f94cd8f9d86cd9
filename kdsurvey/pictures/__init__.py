'''Numbers -> pictures that are data, and one renderer for all of them.

A `Picture` says what is to be seen and nothing about how it is drawn: charts, axes, marks.
Lessons and panels make pictures; matplotlib draws them (`draw`, `Canvas`), and as all limits,
ticks and colours are in the data, another renderer can draw the same from `picture.json()`.
A small example, complete:

    from kdsurvey.pictures import Axis, Band, Chart, Line, Picture, Rule, Table
    from kdsurvey.pictures import epoch_axis, limits

    def picture(mean, sd, T):
        """The accuracy of two nets over the epochs; mean and sd: name -> values in %."""
        marks = [Rule([3])]                                   # a dotted line at epoch 3
        for role, (name, values) in enumerate(mean.items()):  # a role: colour, marker, style
            epochs = range(1, len(values) + 1)
            low, high = values - sd[name], values + sd[name]
            marks.append(Band(epochs, low, high, role=role))
            marks.append(Line(epochs, values, role=role, end=f"{name} {values[-1]:.1f}"))
        y = Axis("% of images right", limits.tens([v.min() for v in mean.values()]))
        chart = Chart(marks, epoch_axis(20), y, title=f"Accuracy at T = {T:g}")
        rows = [[name, f"{values[-1]:.1f}"] for name, values in mean.items()]
        table = Table("Accuracy at the end", ["net", "%"], rows)
        return Picture(
            {"accuracy": chart},
            height=290,
            about="A chart of the validation accuracy of two nets",
            tables=[table],
        )

In a notebook such a picture shows itself (a PNG, `about` as its text and alt text). A panel
keeps a `Canvas` and calls `canvas.png(picture(...))` at every redraw: what stays is kept, so
a redraw costs little, and it is, pixel for pixel, what a fresh `draw` would make.
`picture.html()` is the tables for the page, `picture.tables` the same as data.

What to use for what:

    Line         curves; a name at the end (`end`), where names are moved apart, or a legend
    Points       markers, areas, hollow ones, error bars
    Bars         upright or lying, beside or on each other, hatched, words at their ends
    Band, Rule   a spread around a line; straight lines and areas across the chart
    Cells        heat maps with words in the cells; Frame puts an outline around some
    Image        digits: `image_chart([Image(pixels)], caption="label 3")`
    Text, Arrow  words anywhere, boxed too; arrows between them

    Axis         label, limits, log, ticks and names; what is left out is found from the marks
    epoch_axis   epochs, with room for names at line ends
    row_axis     a row for each name, the first on top; between_rows: lines between them
    Chart        marks in their order, two axes, a title, a legend
    Picture      a mosaic of charts: mosaic=[["loss", "accuracy"]], widths=[1.5, 1]
    limits       whole tens and decades, nice ceilings: limits that seldom move

Titles, captions and axis labels may change at every redraw at little cost as long as they keep
their number of lines; " " keeps a place for a line that comes later. Changed limits, ticks,
legends and names right of a chart cost a new layout. All lengths are CSS pixels; letters have
11 or more. Words are never read as mathematics, and the reader's settings of matplotlib change
nothing.
'''

from kdsurvey.pictures import labels, limits, palette
from kdsurvey.pictures.chart import (
    Axis,
    Chart,
    between_rows,
    epoch_axis,
    image_chart,
    row_axis,
)
from kdsurvey.pictures.draw import Canvas, draw
from kdsurvey.pictures.marks import (
    Arrow,
    Band,
    Bars,
    Cells,
    Frame,
    Image,
    Line,
    Mark,
    Points,
    Rule,
    Text,
)
from kdsurvey.pictures.picture import Picture
from kdsurvey.pictures.sheet import Sheet
from kdsurvey.pictures.table import Table

__all__ = [
    "Arrow",
    "Axis",
    "Band",
    "Bars",
    "Canvas",
    "Cells",
    "Chart",
    "Frame",
    "Image",
    "Line",
    "Mark",
    "Picture",
    "Points",
    "Rule",
    "Sheet",
    "Table",
    "Text",
    "between_rows",
    "draw",
    "epoch_axis",
    "image_chart",
    "labels",
    "limits",
    "palette",
    "row_axis",
]
