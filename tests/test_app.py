"""The app lets in so many visitors as fit; the next one reads a sentence."""

import asyncio
import os

import pytest

from kdsurvey.app.serve import MEMORY_EACH, MOST_VISITORS, keep_door, visitors


class Kernels:
    """A kernel manager that knows the kernels by number."""

    def __init__(self):
        self.ids: list[int] = []

    def list_kernel_ids(self) -> list[int]:
        return self.ids


def door(most: int) -> type:
    """A handler as Voilà's, of a page whose kernel takes a while to start."""

    class Handler:
        kernel_manager = Kernels()

        def __init__(self):
            self._headers_written = False
            self.status, self.text = 200, ""
            self.headers: dict[str, str] = {}

        async def get(self, path=None):
            await asyncio.sleep(0)
            self.kernel_manager.ids.append(len(self.kernel_manager.ids))
            self._headers_written = True
            await asyncio.sleep(0)
            self.text = f"the page of {path}"

        def set_status(self, status):
            self.status = status

        def set_header(self, name, value):
            self.headers[name] = value

        def finish(self, text):
            self.text = text

    keep_door(Handler, most)
    return Handler


async def arrive(handler: type, count: int) -> list:
    visitors = [handler() for _ in range(count)]
    await asyncio.gather(*(visitor.get("x") for visitor in visitors))
    return visitors


@pytest.mark.parametrize("together", [True, False])
def test_the_sixty_first_visitor_reads_a_sentence(together):
    handler = door(60)
    if together:
        everyone = asyncio.run(arrive(handler, 61))
    else:
        everyone = [asyncio.run(arrive(handler, 1))[0] for _ in range(61)]
    *inside, last = everyone
    assert all(v.text == "the page of x" and v.status == 200 for v in inside)
    assert len(handler.kernel_manager.ids) == 60
    assert last.status == 503 and last.headers == {"Retry-After": "120"}
    assert "All 60 places of this page are taken" in last.text
    handler.kernel_manager.ids.pop()  # somebody leaves
    (next_one,) = asyncio.run(arrive(handler, 1))
    assert next_one.text == "the page of x"


async def arrive_while_a_page_is_written(handler: type) -> list:
    first, second = handler(), handler()
    writing = asyncio.ensure_future(first.get("x"))
    while not first._headers_written:
        await asyncio.sleep(0)
    assert not first.text
    await second.get("y")
    await writing
    return [first, second]


def test_a_visitor_whose_page_is_being_written_takes_one_place():
    visitors = asyncio.run(arrive_while_a_page_is_written(door(2)))
    assert [v.text for v in visitors] == ["the page of x", "the page of y"]


def test_a_visitor_whose_kernel_does_not_start_leaves_the_place():
    handler = door(1)

    class Broken(handler):
        @property
        def kernel_manager(self):
            raise OSError("no memory")

    for _ in range(3):
        with pytest.raises(OSError):
            asyncio.run(Broken().get())
    assert asyncio.run(arrive(handler, 1))[0].text == "the page of x"


@pytest.mark.parametrize(("gigabytes", "most"), [(0.1, 1), (6.4, 12), (500, 60)])
def test_as_many_visitors_as_the_memory_holds(gigabytes, most, monkeypatch):
    pages = {"SC_PHYS_PAGES": int(gigabytes * 1e9 / 4096), "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert visitors() == most <= MOST_VISITORS and MEMORY_EACH == 0.5e9


def test_voila_has_the_handler_that_the_door_is_put_into():
    handler = pytest.importorskip("voila.tornado.handler")
    assert asyncio.iscoroutinefunction(handler.TornadoVoilaHandler.get) or callable(
        handler.TornadoVoilaHandler.get
    )
