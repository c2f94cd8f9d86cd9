"""All panels on one page: one is shown at a time, and an address can say which, and how."""

import pytest
from panels.faces import WIDGET, faces, open_widgets
from panels.waiting import WAIT, until

from kdsurvey import data as sets
from kdsurvey.lessons.playground import experiments as lesson
from kdsurvey.panels.all_panels import AllPanels
from kdsurvey.panels.kit import permalink
from kdsurvey.training import Config


@pytest.fixture(scope="module")
def digits():
    return sets.mnist_5k().fraction(0.2).hold_out(100)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(lesson, "TEACHER", Config(epochs=1, batch_size=128, lr=0.1))


@pytest.fixture
def made(digits, close):
    return lambda query="": close(AllPanels(digits, query))


def test_one_panel_at_a_time_made_when_it_is_first_shown(made):
    page = made()
    assert [*page.panels.made] == ["Landscape"] and len(page.panels) == 5
    for name, button in page.panels.buttons.items():
        page.chosen.value = name
        assert name in page.panels.made
        panels = page.panels[name]
        assert [panel.kind for panel in panels] == list(button.kinds)
        assert page.box.children[1].children == tuple(panel.box for panel in panels)
        for panel in panels:
            panel.settle()
            panel.check()


def test_a_cell_that_runs_again_leaves_no_page_of_closed_panels(made, cell):
    """A page that holds a closed panel would keep the browser waiting for it for ever."""
    before = open_widgets()
    cell("a", "1")
    made()
    one = open_widgets() - before
    cell("a", "2")
    made()
    until(lambda: len(open_widgets() - before) == len(one))
    assert one.isdisjoint(open_widgets())


def test_its_faces(made):
    page = made()
    bundle = faces(page)
    assert bundle[WIDGET]["model_id"] == page.box.model_id
    assert bundle["text/plain"] == repr(page) == page.text
    assert bundle["image/png"]


def test_an_address_opens_a_panel_in_its_state(made):
    giver = made()
    (given,) = giver.panels["Temperature"]
    given.T.box.value, given.image.value = 7.5, 3
    page = made(f"voila=1&kd={given.link}")
    (opened,) = page.panels["Temperature"]
    for panel in (given, opened):
        panel.settle()
    assert page.chosen.value == "Temperature" and opened.png == given.png


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("rubbish", "is no permalink"),
        (permalink.write("forgotten", {}), "no panel here is a forgotten panel"),
    ],
)
def test_an_address_that_cannot_be_read_is_a_sentence(made, link, says):
    page = made(f"kd={link}")
    first = page.panels["Landscape"][0]
    assert says in first.status
    with pytest.raises(ValueError):
        first.check()


def test_a_link_out_of_range_is_a_sentence_in_its_panel(made):
    page = made(
        f"kd={permalink.write('temperature', {'T': 4.0, 'image': 10**6, 'squared': True})}"
    )
    (panel,) = page.panels["Temperature"]
    assert (
        page.chosen.value == "Temperature"
        and "out of this panel's range" in panel.status
    )
    with pytest.raises(ValueError):
        panel.check()


def test_two_panels_train_at_once(made):
    page = made()
    (live, _), (compared, _) = page.panels["Live"], page.panels["Compare"]
    live.pace.value = None
    for panel in (live, compared):
        panel.start.click()
    for panel in (live, compared):
        assert panel.wait(3 * WAIT)
        panel.settle()
        panel.check()
        assert panel.status.startswith("Finished")
