"""Slides on a projector of 1024 x 768 without a network: what is typeset, and whether all
of it can be seen and read.
"""

import pytest
from browser.lab import ROOT

from kdsurvey.slides.deck import write_decks
from kdsurvey.slides.figures import SMALLEST

pytestmark = pytest.mark.timeout(120)
WIDE, HIGH = 1024, 768
READY = "document.documentElement.dataset.ready === 'yes'"
# Of the slide in view: what its letters, formulas and pictures are like on the screen
LOOK = """() => {
    const slide = Reveal.getCurrentSlide();
    const zoom = slide.getBoundingClientRect().width / slide.offsetWidth;
    const words = [...slide.querySelectorAll('*')].filter(
        part => !part.closest('svg, .katex') &&
            [...part.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
    const letters = words.map(part => [zoom * parseFloat(getComputedStyle(part).fontSize),
                                       part.textContent.slice(0, 40)]);
    for (const text of slide.querySelectorAll('svg text')) {
        const scale = text.closest('svg').getScreenCTM().a;
        for (const part of [text, ...text.querySelectorAll('tspan')])
            letters.push([scale * parseFloat(getComputedStyle(part).fontSize), text.textContent]);
    }
    const formulas = [...slide.querySelectorAll('.katex')].map(
        part => [zoom * parseFloat(getComputedStyle(part).fontSize), part.textContent]);
    const beyond = [...slide.children].filter(part => {
        const box = part.getBoundingClientRect();
        return box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
    });
    return {
        place: Object.values(Reveal.getIndices()).slice(0, 2),
        letters: [...letters, ...formulas].sort((a, b) => a[0] - b[0]).slice(0, 1),
        beyond: beyond.map(part => part.outerHTML.slice(0, 80)),
        // a picture says how large its smallest letters are where it is as wide as planned
        pictures: [...slide.querySelectorAll('img')].map(image =>
            [image.dataset.letters * image.getBoundingClientRect().width
                / parseFloat(image.style.width), image.alt.slice(0, 40)]),
        core: slide.matches('.core'),
        broken: [...slide.querySelectorAll('img')].filter(i => !i.naturalWidth).length,
        typeset: formulas.length,
        untypeset: slide.querySelectorAll('.katex-error').length +
            words.filter(part => !part.closest('pre, code')
                && /[$][$]/.test(part.textContent)).length,
        empty: !slide.innerText.trim() && !slide.querySelector('img, svg'),
        last: Reveal.isLastSlide(),
    };
}"""


@pytest.fixture
def page_of(page, tmp_path):
    """Opens the slides of a notebook full screen, with no network at all."""

    def opened(number: str):
        (path,) = write_decks(ROOT / "notebooks", tmp_path, [number])
        page.set_viewport_size({"width": WIDE, "height": HIGH})
        page.context.set_offline(True)
        page.goto(path.as_uri())
        page.wait_for_function(READY)
        return page

    return opened


def test_slides_can_be_read_and_nothing_is_cut_off(page_of, shots):
    page = page_of("01")
    slides = [page.evaluate(LOOK)]
    while not slides[-1]["last"]:
        page.keyboard.press("Space")
        slides.append(page.evaluate(LOOK))
    assert len(slides) > 40 and sum(slide["typeset"] for slide in slides) > 30
    for slide in slides:
        assert not (slide["beyond"] or slide["broken"] or slide["untypeset"]), slide
        assert not slide["empty"], slide
        pictures = slide["pictures"] if slide["core"] else []
        for size, words in [*slide["letters"], *pictures]:
            assert size is not None and size >= SMALLEST - 0.1, words
    page.screenshot(path=shots / "slides.png")
    assert page.watch.errors == [] and page.watch.hosts == {""}


def test_keys_go_through_the_core_and_down_into_a_section(page_of, shots):
    page = page_of("03")
    in_core = "Reveal.getCurrentSlide().matches('.core')"
    while page.evaluate(in_core):
        page.keyboard.press("ArrowRight")
    page.screenshot(path=shots / "section.png")
    section = page.evaluate("Reveal.getIndices()")
    page.keyboard.press("ArrowDown")
    below = page.evaluate("Reveal.getIndices()")
    assert (section["v"], below["h"], below["v"]) == (0, section["h"], 1)
    page.keyboard.press("Home")
    while not page.locator("section.present svg.scheme").count():
        page.keyboard.press("ArrowRight")
    scheme = page.locator("section.present svg.scheme")
    part = scheme.get_attribute("viewBox")
    page.keyboard.down("z")
    assert scheme.get_attribute("viewBox").startswith("0 0 960 ")
    page.keyboard.up("z")
    assert scheme.get_attribute("viewBox") == part
