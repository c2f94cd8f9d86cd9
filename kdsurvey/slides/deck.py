"""A notebook as slides: one page of reveal.js that asks nothing of any network.

Script, style, letters of formulas and pictures are all inside the page. It is built from
what the notebook has stored; nothing is run.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from pygments.formatters import HtmlFormatter

from kdsurvey import store
from kdsurvey.slides import figures, kept
from kdsurvey.slides.notebook import read
from kdsurvey.slides.rule import is_shown, kinds, shows_code, source_of

# Highlighted code, as nbconvert writes it
PROGRAM = re.compile(
    r'<div class="?[ \w]*highlight[^>]*>\s*<pre>(.*?)</pre>\s*</div>', re.S
)
ELSEWHERE = "name another folder"  # the remedy where nothing can be written
PAGE = Path(str(files("kdsurvey.slides") / "page"))
FONT = re.compile(
    r"url\((fonts/[\w-]+\.woff2)\)[^;}]*"
)  # of a face: the first suffices
OTHER = re.compile(r'href="(?!https?:|#|data:)([^"#]+)\.ipynb(#[^"]*)?"')
LAUNCH = re.compile(r" (\*\*)?To launch\b.*")  # for a reader, not for an audience
TO_A_FILE = re.compile(
    r'<a href="(?!https?:|#|data:)([^"#]+)(?:#[^"]*)?"[^>]*>(.*?)</a>', re.S
)


@dataclass
class Slide:
    """The blocks of one slide, as HTML."""

    core: bool
    blocks: list[str] = field(default_factory=list)


def chosen(source: Path, numbers: Sequence[str] = ()) -> list[Path]:
    """Return the notebooks of a folder with these numbers, such as "01", by default all.

    A number is what stands before the first _ of a name; a whole name will do. Raises
    ValueError where the folder has no such notebook.
    """
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise ValueError(f"{source} has no notebooks; name a folder that has some")
    named: dict[str, list[Path]] = {}
    for path in notebooks:
        for name in dict.fromkeys((path.stem.split("_")[0], path.stem)):
            named.setdefault(name, []).append(path)
    for number in numbers:
        if number not in named:
            known = ", ".join(dict.fromkeys(path.stem for path in notebooks))
            raise ValueError(f"{source} has no notebook {number!r}; there are: {known}")
    asked = [path for number in numbers for path in named[number]]
    return list(dict.fromkeys(asked)) or notebooks


def write_decks(
    source: Path, folder: Path, numbers: Sequence[str] = ()
) -> Iterator[Path]:
    """Write the notebooks of a folder as slides; yields each page when it is there."""
    notebooks = chosen(source, numbers)
    for notebook in notebooks:
        page = folder / f"{notebook.stem}.slides.html"
        store.write(page, deck(notebook, notebooks), ELSEWHERE)
        yield page


def deck(path: Path, decks: Sequence[Path] = ()) -> str:
    """Write the slides of a notebook as one page of HTML.

    decks: the notebooks whose slides lie beside it; a link to any other file is left
    out, and its words stay.
    """
    notebook = read(path)
    there = {f"{other.stem}.slides.html" for other in decks}
    template = Environment(
        loader=FileSystemLoader(PAGE), autoescape=False, trim_blocks=True
    ).get_template("slides.html.j2")
    return template.render(
        title=escape(_title(notebook, path.stem)),
        stacks=[
            [_without_dead_links(slide, there) for slide in stack]
            for stack in stacks(notebook, path.stem)
        ],
        styles=[_text("reveal/reveal.css"), _katex_style(), _code_style()],
        style=_text("slides.css"),
        scripts=[
            _text(f"{name}.js")
            for name in ("reveal/reveal", "katex/katex.min", "katex/auto-render.min")
        ],
        script=_text("slides.js"),
    )


def _without_dead_links(slide: Slide, there: Collection[str]) -> Slide:
    """Return a slide whose links to files lead to those that are there."""

    def words(link: re.Match) -> str:
        return link[0] if link[1] in there else link[2]

    return replace(slide, blocks=[TO_A_FILE.sub(words, html) for html in slide.blocks])


def _title(notebook: dict, stem: str) -> str:
    about = notebook["metadata"].get("kdsurvey")
    return str(about.get("title", stem)) if isinstance(about, dict) else stem


def stacks(notebook: dict, stem: str) -> list[list[Slide]]:
    """Return the slides of a notebook: stacks from left to right, each from top to bottom."""
    shown: list[list[Slide]] = []
    for cell, kind in zip(notebook["cells"], kinds(notebook["cells"])):
        if kind == "skip":
            continue
        slide = Slide("core" in cell["metadata"].get("tags", []))
        if kind == "slide" or not shown:
            shown.append([slide])
        elif kind == "subslide":
            shown[-1].append(slide)
        shown[-1][-1].blocks += blocks_of(cell, stem)
    return shown


def blocks_of(cell: dict, stem: str) -> list[str]:
    """Return what a cell of a notebook puts on a slide: its text, or code and outputs."""
    if cell["cell_type"] == "markdown":
        return [markdown(LAUNCH.sub("", source_of(cell)))]
    blocks = [_code(source_of(cell))] if shows_code(cell) else []
    for number, output in enumerate(cell["outputs"]):
        if is_shown(output):
            blocks += _picture(cell, number, stem) or _output(output)
    return blocks


def _picture(cell: dict, number: int, stem: str) -> list[str]:
    """Return the picture of an output, drawn for a projector where its numbers are kept."""
    output = cell["outputs"][number]
    if "image/png" not in output.get("data", {}):
        return []
    parts = kept.parts(stem, cell, number)
    return figures.drawn(parts, kept.says(output)) or [figures.stored(output)]


def markdown(text: str) -> str:
    """Write Markdown as HTML; a link to a notebook leads to its slides."""
    html = markdown2html_mistune(text)
    html = re.sub(r'<a class="anchor-link".*?</a>', "", html)
    html = OTHER.sub(r'href="\1.slides.html\2"', html)
    return PROGRAM.sub(lambda match: _program(match[1]), html)


def _code(source: str) -> str:
    """Write code with every line as a block, which hangs where it wraps."""
    html = Highlight2HTML()(source.strip("\n"), language="python")
    return PROGRAM.sub(lambda match: _program(match[1]), html)


def _program(highlighted: str) -> str:
    inside = highlighted.replace("<span></span>", "").strip("\n")
    return f"<pre class='code highlight'>{_lines(inside)}</pre>"


def _lines(html: str) -> str:
    """Return each line as a block that knows how far it is indented."""
    blocks = []
    for line in html.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        blocks.append(
            f"<span class='line' style='--in:{indent}ch'>{line.lstrip(' ') or ' '}</span>"
        )
    return "".join(blocks)


def _output(output: dict) -> list[str]:
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return figures.views("".join(data["image/svg+xml"]))
    if "text/html" in data:
        return [f"<div class='output'>{''.join(data['text/html'])}</div>"]
    if "text/markdown" in data:
        return [f"<div class='output'>{markdown(''.join(data['text/markdown']))}</div>"]
    text = "".join(output.get("text", data.get("text/plain", ""))).rstrip("\n")
    return [f"<pre class='text'>{_lines(escape(text))}</pre>"] if text else []


def _text(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _katex_style() -> str:
    """Return KaTeX's style with its letters inside."""

    def inside(match: re.Match) -> str:
        data = b64encode((PAGE / "katex" / match[1]).read_bytes()).decode()
        return f'url(data:font/woff2;base64,{data}) format("woff2")'

    return FONT.sub(inside, _text("katex/katex.min.css"))


def _code_style() -> str:
    return HtmlFormatter(style="tango").get_style_defs(".highlight")
