"""What the picture of a panel shows, read from its marks."""

from kdsurvey.pictures import Bars, Image, Line, Rule, Text


def marks(panel, chart, kind):
    """The marks of one kind in a chart."""
    return [m for m in panel.picture.charts[chart].marks if isinstance(m, kind)]


def lines(panel, chart):
    """Name at its end, without a value after it -> line."""
    named = [line for line in marks(panel, chart, Line) if line.end]
    return {line.end.split("  ")[0]: line for line in named}


def bars(panel, chart):
    return marks(panel, chart, Bars)


def texts(panel, chart):
    return [text.text for text in marks(panel, chart, Text)]


def rules(panel, chart):
    """Where the straight lines of a chart stand."""
    return [at for rule in marks(panel, chart, Rule) for at in rule.at]


def image(panel, chart="image"):
    """The pixels of the only image in a chart."""
    (shown,) = marks(panel, chart, Image)
    return shown.pixels


def put(panel, **values):
    """Sets controls by their names."""
    for name, value in values.items():
        getattr(panel, name).value = value
