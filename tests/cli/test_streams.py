"""A result that nobody can read is none: what happens when standard output or standard error can't be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.world import DAY, World

READER_GONE = 141
SHOW = ("policy", "show")


def ended(words: tuple[str, ...], how: str, **environment: str) -> tuple[int, str]:
    """Exit code and standard error of a real process whose standard output is closed, full or a pipe without a reader."""
    command = [sys.executable, "-m", "retention", *words]
    env = os.environ | environment
    if how == "closed":
        script = 'exec "$@" >&-'
        done = subprocess.run(["/bin/sh", "-c", script, "sh", *command], stderr=subprocess.PIPE, env=env, check=False)
        return done.returncode, done.stderr.decode()
    if how == "full":
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=env, check=False)
        return done.returncode, done.stderr.decode()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=env, check=False)
    finally:
        os.close(writer)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("words", [SHOW, (*SHOW, "--json"), ("--help",), ("hold", "add", "--help")])
def test_a_reader_that_went_away_ends_the_command_without_a_word(words: tuple[str, ...]) -> None:
    assert ended(words, "pipe") == (READER_GONE, "")


@pytest.mark.parametrize("words", [SHOW, (*SHOW, "--json"), ("--help",)])
def test_a_full_output_ends_with_3_and_one_line(words: tuple[str, ...]) -> None:
    code, said = ended(words, "full")
    assert (code, len(said.splitlines())) == (3, 1)
    assert "could not be written (No space left on device)" in said


@pytest.mark.parametrize("words", [SHOW, (*SHOW, "--json")])
def test_a_closed_output_ends_with_3_before_anything_is_done(words: tuple[str, ...]) -> None:
    code, said = ended(words, "closed")
    assert code == 3
    assert "standard output is closed" in said


@pytest.mark.parametrize("how", ["pipe", "full"])
@pytest.mark.parametrize(
    "words",
    [("policy", "show", "nonsense"), ("policy", "show", "nonsense", "--json"), ("nonsense", "--json"), ("plan",)],
)
def test_an_error_keeps_its_own_code(words: tuple[str, ...], how: str) -> None:
    code, said = ended(words, how)
    assert code == 2
    assert said


@pytest.mark.parametrize(("how", "code"), [("pipe", READER_GONE), ("full", 3)])
def test_a_breach_that_could_not_be_shown_is_not_told_by_the_exit_code(
    run: Any, world: World, how: str, code: int
) -> None:
    world.add_recording(age=40 * DAY)
    assert run("verify", "audio", code=1)["verdict"] == "breach"
    assert ended(("verify", "audio"), how)[0] == code


@pytest.mark.parametrize(("words", "code"), [(SHOW, 0), (("policy", "show", "nonsense"), 2), (("nonsense",), 2)])
def test_standard_error_that_can_not_be_written_changes_no_code(words: tuple[str, ...], code: int) -> None:
    for redirection in ("2>&-", "2>/dev/full"):
        command = [sys.executable, "-m", "retention", *words]
        script = ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *command]
        assert subprocess.run(script, stdout=subprocess.DEVNULL, check=False).returncode == code


def test_an_output_without_umlauts_still_gets_words_and_a_document() -> None:
    command = [sys.executable, "-m", "retention", *SHOW]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    said = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True).stdout
    assert b"\\xf6" in said
    document = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, env=environment, check=True).stdout
    assert "ö" in json.loads(document)["rules"][0]["de"]


@pytest.mark.parametrize("odd", [pytest.param("a\0b", id="nul"), pytest.param("a\udcffb", id="no_utf8")])
@pytest.mark.parametrize(
    ("words", "option"),
    [
        pytest.param(("hold", "add", "--tenant", "t1", "--reason"), "reason", id="hold_add_reason"),
        pytest.param(("hold", "add", "--reason", "r", "--item"), "item", id="hold_add_item"),
        pytest.param(("hold", "add", "--reason", "r", "--tenant", "t1", "--approved-by"), "approved-by", id="approver"),
        pytest.param(("stop", "--reason", "r", "--by"), "by", id="stop_by"),
        pytest.param(("mode", "audio", "off", "--reason"), "reason", id="mode_reason"),
        pytest.param(("explain", "call_recordings"), "item", id="explain_item"),
        pytest.param(("verify", "audio"), "categories", id="one_of_several_categories"),
    ],
)
def test_text_that_no_database_can_take_is_bad_input(run: Any, words: tuple[str, ...], option: str, odd: str) -> None:
    message = run(*words, odd, code=2)["message"]
    assert message.startswith(f"{option}: found ")
    assert "expected text" in message and odd not in message


def test_a_plan_that_does_not_exist_is_bad_input(run: Callable[..., dict[str, Any]]) -> None:
    nobodys = "4be0643f-1d98-573b-97cd-ca98a65347dd"
    for words in (("dispose", "--plan", nobodys), ("approve", nobodys, "--reason", "r")):
        message = run(*words, "--digest", "0" * 64, code=2)["message"]
        assert f"found no plan {nobodys}" in message and "expected the id" in message
