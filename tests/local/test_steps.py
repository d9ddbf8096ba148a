"""What a person sees of a step of `make run`."""

import pytest

from retention.local.steps import Ending, step


def test_a_step_that_ended_well_has_a_tick(capsys: pytest.CaptureFixture[str]) -> None:
    with step("disposal"):
        pass
    assert capsys.readouterr().err.startswith("✓ disposal ")


def test_a_step_that_found_something_wrong_has_a_cross_and_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    ending = Ending()
    with step("verification", ending):
        ending.good, ending.said = False, "NOT proven"
    assert capsys.readouterr().err.startswith("✗ verification: NOT proven ")


def test_a_step_that_broke_off_has_a_cross(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match="full"), step("disk"):
        raise OSError("full")
    assert capsys.readouterr().err == "✗ disk\n"
