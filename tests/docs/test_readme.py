"""README.md is true: its transcript is run against the built program, its make targets exist.

A fenced block marked `console` holds commands after `$ ` and what they print. They run one after
the other in one empty folder. Run ids, seconds and rates are masked on both sides; a line `...`
stands for any lines.
"""

import os
import re
import subprocess

import pytest
from program import MUSTER, ROOT

README = (ROOT / "README.md").read_text()
MASKS = [
    (re.compile(r"\b\d{8}T?-?\d{6}Z?-[0-9a-f]+\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{8,32}\b"), "ID"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s)\b"), "TIME"),
    (re.compile(r"\b\d+\.\d{3} +\d+$", re.M), "TIME RATE"),
    (re.compile(r"\b\d[\d,.]*( ?[kKMG])? ?(rows|MB|records)/s"), "RATE"),
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"-{2,}|─+"), "--"),
]


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", README, re.M | re.S)


def masked(text):
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip().splitlines()]


def commands(block):
    """Pairs of command and expected output."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.M)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def matches(expected, found):
    """Whether the lines are the expected ones, `...` standing for any number of them."""
    if not expected:
        return not found
    if expected[0] == "...":
        return any(matches(expected[1:], found[n:]) for n in range(len(found) + 1))
    return bool(found) and expected[0] == found[0] and matches(expected[1:], found[1:])


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(re.findall(r"`.*?`", README, re.S))))
    assert {"run", "test"} <= named <= targets


@pytest.mark.parametrize("block", blocks("console"))
def test_transcript(tmp_path, block):
    environment = os.environ | {"PATH": f"{MUSTER.parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    for command, expected in commands(block):
        result = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        found = masked(result.stdout)
        assert matches(masked(expected), found), f"$ {command}\n{result.stdout}"


def test_the_comparison_itself():
    assert matches(masked("a 1.5 s\n...\nz"), masked("a  20 ms\nb\nc\nz\n"))
    assert matches(masked("...\n"), masked(""))
    assert not matches(masked("a\nz"), masked("a\nb\nz"))
    assert not matches(masked("read 3"), masked("read 4"))
