"""docs/reject-codes.md documents exactly the codes of the product."""

import re

from program import ROOT

CODE = r"(?:file|record|value|row|key|reference|destination)\.[a-z0-9_]+"


def test_documented_codes_are_those_of_the_table():
    source = (ROOT / "src/validate/reject.cpp").read_text()
    table = source.split("kTexts", 1)[1].split("};", 1)[0]
    codes = re.findall(rf'"({CODE})"', table)
    assert len(codes) == len(set(codes)) > 20
    documented = re.findall(rf"(?m)^\| `({CODE})` \|", (ROOT / "docs/reject-codes.md").read_text())
    assert documented == codes, "one row for each code, in the order of src/validate/reject.cpp"


def test_other_documents_use_known_codes_only():
    known = set(re.findall(rf"`({CODE})`", (ROOT / "docs/reject-codes.md").read_text()))
    for path in (ROOT / "docs").glob("*.md"):
        used = re.findall(r"`((?:file|record|value|reference)\.[a-z0-9_]+)`", path.read_text())
        assert set(used) <= known, f"{path.name}: {set(used) - known}"
