"""The planted faults themselves: a text that has moved plants nothing, and a list that nobody runs rots."""

from mutate import FAULTS, ROOT


def test_every_fault_can_still_be_planted_and_has_tests_that_should_notice():
    texts = {fault.file: (ROOT / "kdsurvey" / fault.file).read_text(encoding="utf-8") for fault in FAULTS}
    gone = [(fault.file, fault.what) for fault in FAULTS if texts[fault.file].count(fault.old) != 1 or fault.old == fault.new]
    assert not gone
    assert not [test for fault in FAULTS for test in fault.tests.split() if not (ROOT / "tests" / test.split("::")[0]).exists()]
