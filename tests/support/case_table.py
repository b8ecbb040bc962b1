"""`cases.toml`: one table for each small input, all in one catalog, validated and loaded at once.

    table = { key = ["a"], columns = [{ name = "a", type = "string" }] }   # for every input
    [[input]]
    name = "crlf"
    bytes = '1,a\\r\\n'           # see case_files
    options = { trim = false }   # further keys of the table
    read = 1                     # also blank_lines, deduplicated; 0 if absent
    rows = [["1", "a"]]          # every value as text, "<null>" for NULL; in any order
    rejects = [{ line = 1, offset = 0, length = 3, codes = ["record.nul_byte"] }]
    error = "file.empty"         # the object is refused

    [[values]]                   # one column, one record for each text
    name = "int32"
    column = { type = "int32" }
    accepted = [["+1", "1"]]     # text, stored value
    refused = [["x", "value.not_integer"]]
"""

import base64
import json
import re

import warehouse
from case_files import NULL, content, rewrite, to_bytes, to_toml

RAW_BYTES_MAX = 32 * 1024
REASON_VALUE_BYTES_MAX = 256
LINE_ENDS = ((b"\n", 1), (b"\r", 1), (b"\r\n", -1))
REJECT_KEYS = [
    "type", "id", "run_id", "table", "object", "line", "offset", "length", "raw", "severity",
    "state", "reasons",
]  # fmt: skip
ID = {"name": "id", "type": "int64"}


def from_values(block):
    """The input that a [[values]] block stands for."""
    cases = [(text, [stored], None) for text, stored in block.get("accepted", [])]
    for text, code in block.get("refused", []):
        cases.append((text, None, [code] if isinstance(code, str) else code))
    data, rows, rejects = b"", [], []
    for number, (text, stored, codes) in enumerate(cases):
        record = f"{number}".encode() + b',"' + to_bytes(text).replace(b'"', b'""') + b'"'
        if codes is None:
            rows.append([str(number), *stored])
        else:
            line = data.count(b"\n") + 1
            where = {"line": line, "offset": len(data), "length": len(record)}
            columns = ["v"] * len(codes)
            rejects.append({**where, "codes": codes, "columns": columns, "text": text})
        data += record + b"\n"
    return {
        "name": block["name"],
        "data": data,
        "options": {"key": ["id"], **block.get("options", {})},
        "columns": [ID, {"name": "v", **block["column"]}],
        "read": len(cases),
        "rows": rows,
        "rejects": rejects,
        "values": True,
    }


def inputs_of(spec):
    default = dict(spec.get("table", {}))
    columns = default.pop("columns", [])
    inputs = []
    for index, block in enumerate(spec.get("input", [])):
        one = {"columns": columns, "rows": [], "rejects": [], **block, "index": index}
        one["options"] = {**default, **block.get("options", {})}
        one["data"] = to_bytes(block["bytes"])
        inputs.append(one)
    return inputs + [from_values(block) for block in spec.get("values", [])]


def write_catalog(folder, inputs):
    """muster.toml with one table for each input, and its file."""
    lines = ['[muster]\nname = "cases"\n']
    (folder / "data").mkdir()
    for number, one in enumerate(inputs):
        one["table"] = f"t{number:03}_{re.sub('[^a-z0-9]+', '_', one['name'].lower())}"[:60]
        packed = one.get("pack", {})
        suffix = ".gz" if "gzip" in packed else ".zst" if "zstd" in packed else ""
        one["file"] = f"{one['table']}.csv{suffix}"
        lines.append(f'[[table]]\nname = "{one["table"]}"\nfiles = "{one["file"]}"')
        lines += [f"{key} = {to_toml(value)}" for key, value in one["options"].items()]
        for column in one["columns"]:
            lines.append("[[table.column]]")
            lines += [f"{key} = {to_toml(value)}" for key, value in column.items()]
        spec = {"hex": one["data"].hex(), **packed}
        (folder / "data" / one["file"]).write_bytes(content(spec))
    (folder / "muster.toml").write_text("\n".join(lines) + "\n")


def physical_line(data, offset):
    """Rule 1, said again: each LF, CRLF or lone CR before the offset ends one line."""
    return sum(sign * data.count(end, 0, offset) for end, sign in LINE_ENDS) + 1


def raw_of(reject):
    if "raw_base64" in reject:
        return base64.b64decode(reject["raw_base64"])
    return reject["raw"].encode()


def check_reject(reject, data):
    """What must hold for every reject of a file, whatever its case says."""
    keys = [key.replace("raw_base64", "raw") for key in reject]
    assert keys == REJECT_KEYS, f"keys {list(reject)}"
    start, length = reject["offset"], reject["length"]
    record, raw = data[start : start + length], raw_of(reject)
    if length <= RAW_BYTES_MAX:
        assert raw == record, f"raw {raw[:80]!r} is not the bytes at {start}: {record[:80]!r}"
    else:
        assert record.startswith(raw), f"raw is not the start of the bytes at {start}"
        assert RAW_BYTES_MAX - 3 <= len(raw) <= RAW_BYTES_MAX, len(raw)
    kept = record if length <= RAW_BYTES_MAX else raw
    valid = kept.decode(errors="replace").encode() == kept
    assert ("raw" in reject) == valid, "raw_base64 stands where the record is not UTF-8"
    assert reject["line"] == physical_line(data, start), f"line {reject['line']} at {start}"
    assert reject["reasons"], "no reason"
    for reason in reject["reasons"]:
        assert set(reason) == {"code", "column", "value", "message"}, reason
        assert len((reason["value"] or "").encode()) <= REASON_VALUE_BYTES_MAX, reason
        assert len(reason["message"].split()) >= 3, reason
        record_level = reason["code"].startswith("record.")
        assert not (record_level and reason["column"] is not None), reason
        assert reason["column"] or not reason["code"].startswith(("value.", "reference.")), reason


def check_texts(one, rejects):
    """The reasons of a refused value repeat its cleaned text and name its column."""
    for expected, reject in zip(one["rejects"], rejects, strict=True):
        text = to_bytes(expected["text"]).decode().strip(" \t")
        for reason in reject["reasons"]:
            assert "v" in re.findall(r"\w+", reason["message"]), reason
            if reason["code"] != "value.missing" and len(text.encode()) <= REASON_VALUE_BYTES_MAX:
                assert reason["value"] == text, reason


def seen(reject, with_columns):
    codes = [reason["code"] for reason in reject["reasons"]]
    keys = {key: reject[key] for key in ("line", "offset", "length")} | {"codes": codes}
    if with_columns:
        keys["columns"] = [reason["column"] or NULL for reason in reject["reasons"]]
    return keys


class TableCase:
    """One cases.toml in a folder of its own."""

    def __init__(self, path, spec, muster, folder, update):
        self.path, self.muster, self.folder, self.update = path, muster, folder, update
        self.inputs = inputs_of(spec)
        self.faults = []
        write_catalog(folder, self.inputs)

    def run(self):
        self.judge(self.json_lines("validate"), loaded=False)
        lines = self.json_lines("run")
        if not lines:
            return self.faults
        self.judge(lines, loaded=True)
        listed = self.json_lines("rejects", "list", "--limit", "100000")
        self.compare_rejects([line for line in listed if line["type"] == "reject"])
        self.compare_rows()
        return self.faults

    def json_lines(self, *verb):
        result = self.muster(*verb, "--json")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        if verb[0] in ("validate", "run"):
            if not lines or lines[-1]["type"] != "summary":
                self.faults.append(f"{verb[0]} has no summary: {result.stdout}{result.stderr}")
                return []
            refused = any("error" in one for one in self.inputs)
            rejected = any(one["rejects"] for one in self.inputs) and verb[0] == "validate"
            expected = 1 if refused else 3 if rejected else 0
            if result.returncode != expected:
                said = result.stderr[-2000:]
                self.faults.append(
                    f"{verb[0]}: exit {result.returncode}, expected {expected}\n{said}"
                )
        return lines

    def expect(self, one, key, actual, wanted):
        if actual == wanted:
            return
        if self.update and "index" in one:
            rewrite(self.path, "input", one["index"], key, actual)
        self.faults.append(f"{one['name']}: {key}\n     got {actual}\n  wanted {wanted}")

    def judge(self, lines, loaded):
        if not lines:
            return
        tables = {table["table"]: table for table in lines[-1]["tables"]}
        if not loaded:
            self.compare_rejects([line for line in lines if line["type"] == "reject"])
            self.compare_order(lines)
        errors = {line.get("object"): line["code"] for line in lines if line["type"] == "error"}
        for one in self.inputs:
            got = tables.get(one["table"])
            if got is None:
                self.faults.append(f"{one['name']}: not in the summary")
                continue
            self.expect(one, "error", errors.get(one["file"]), one.get("error"))
            self.expect(one, "read", got["read"], one.get("read", 0))
            self.expect(one, "files_failed", got["files_failed"], int("error" in one))
            if "error" not in one:
                self.expect(one, "blank_lines", got["blank_lines"], one.get("blank_lines", 0))
            if loaded:
                self.compare_counts(one, got)

    def compare_counts(self, one, got):
        parts = ("inserted", "updated", "unchanged", "deduplicated", "rejected")
        if got["read"] != sum(got[part] for part in parts):
            self.faults.append(f"{one['name']}: does not balance: {got}")
        self.expect(one, "inserted", got["inserted"], len(one["rows"]))
        self.expect(one, "deduplicated", got["deduplicated"], one.get("deduplicated", 0))

    def compare_order(self, lines):
        """By object name, then offset; the summary last."""
        places = [(x["object"], x["offset"]) for x in lines if x["type"] == "reject"]
        if places != sorted(places):
            self.faults.append("rejects are not in the order of objects and offsets")

    def compare_rejects(self, lines):
        for one in self.inputs:
            rejects = [line for line in lines if line["table"] == one["table"]]
            rejects.sort(key=lambda reject: reject["offset"])
            with_columns = any("columns" in expected for expected in one["rejects"])
            actual = [seen(reject, with_columns) for reject in rejects]
            keys = ("line", "offset", "length", "codes") + ("columns",) * with_columns
            wanted = [{key: x[key] for key in keys if key in x} for x in one["rejects"]]
            self.expect(one, "rejects", actual, wanted)
            try:
                for reject in rejects:
                    check_reject(reject, one["data"])
                if one.get("values") and len(rejects) == len(one["rejects"]):
                    check_texts(one, rejects)
            except AssertionError as fault:
                self.faults.append(f"{one['name']}: {fault}")

    def compare_rows(self):
        widest = max(len(one["columns"]) for one in self.inputs)
        queries = []
        for one in self.inputs:
            cells = [warehouse.as_text(column) for column in one["columns"]]
            cells += ["NULL"] * (widest - len(cells))
            named = ", ".join(f"{cell} AS c{number}" for number, cell in enumerate(cells))
            queries.append(f"SELECT '{one['table']}' AS input, {named} FROM {one['table']}")
        result = self.muster("query", " UNION ALL ".join(queries), "--json")
        if result.returncode != 0:
            self.faults.append(f"query: {result.stderr}")
            return
        rows = json.loads(result.stdout)
        for one in self.inputs:
            width = len(one["columns"])
            mine = [list(row.values()) for row in rows if row["input"] == one["table"]]
            actual = sorted(
                [NULL if value is None else value for value in row[1 : width + 1]] for row in mine
            )
            wanted = sorted([to_bytes(text).decode() for text in row] for row in one["rows"])
            self.expect(one, "rows", actual, wanted)
