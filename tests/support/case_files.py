"""The files of behaviour cases: bytes written readably, and expectations rewritten in place.

A text holds Python's escapes for bytes ('1,a\\r\\n\\x00\\xff'), best in TOML's literal quotes;
other characters stand for their UTF-8. A list joins its parts; [text, n] is repeated n times.
"""

import codecs
import gzip
import json
import re
import struct

NULL = "<null>"  # TOML has no null


def to_bytes(text):
    """The bytes of a text, or of a list of texts and [text, n]."""
    if isinstance(text, str):
        return codecs.escape_decode(text.encode())[0]
    parts = [part if isinstance(part, list) else [part, 1] for part in text]
    return b"".join(to_bytes(part) * times for part, times in parts)


def zstd(data):
    """A zstd frame of raw blocks (RFC 8878): no compressor is needed to test a decompressor."""
    limit = 100_000
    blocks = [data[at : at + limit] for at in range(0, len(data), limit)] or [b""]
    frame = struct.pack("<IBQ", 0xFD2FB528, 0b1110_0000, len(data))
    for number, block in enumerate(blocks):
        header = (len(block) << 3) | (number == len(blocks) - 1)
        frame += struct.pack("<I", header)[:3] + block
    return frame


def content(spec):
    """The bytes of a [[file]]: text or hex; then gzip or zstd; then cut and flip faults."""
    data = bytes.fromhex(spec["hex"]) if "hex" in spec else to_bytes(spec.get("text", ""))
    if spec.get("gzip"):
        data = gzip.compress(data, 1, mtime=0)
    if spec.get("zstd"):
        data = zstd(data)
    if "cut" in spec:
        data = data[: -spec["cut"]]
    if "flip" in spec:
        at = spec["flip"]
        data = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
    return data


def write_file(folder, spec):
    path = folder / spec["path"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content(spec))


def to_toml(value):
    """A TOML value on one line."""
    if value is None:
        return to_toml(NULL)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {to_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    return str(value)


def key_text(value):
    """A value of a key on one line, or a list of lists and objects with one line for each."""
    if isinstance(value, list) and value and isinstance(value[0], list | dict):
        return "[\n" + "".join(f"    {to_toml(item)},\n" for item in value) + "]"
    return to_toml(value)


def rewrite(path, section, index, key, value):
    """Gives `key` of the index-th [[section]] of the file that value; the rest stays as it is."""
    blocks = re.split(rf"(?m)^(?=\[\[{section}\]\])", path.read_text())
    found = re.compile(rf"(?m)^{key} = .*(\n(?:[ \]].*))*")
    line = f"{key} = {key_text(value)}"
    block = blocks[index + 1]
    if found.search(block):
        block = found.sub(lambda _: line, block, count=1)
    else:
        block = block.rstrip("\n") + f"\n{line}\n\n"
    blocks[index + 1] = block
    path.write_text("".join(blocks))


def matches(expected, actual):
    """Objects match if the keys that are expected do; everything else must be equal."""
    if expected == NULL:
        return actual is None
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            key in actual and matches(value, actual[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(matches(e, a) for e, a in zip(expected, actual, strict=True))
        )
    if isinstance(expected, float) or isinstance(actual, float):
        return expected == actual
    return type(expected) is type(actual) and expected == actual


def like(expected, actual):
    """What of the actual value an expectation of the same shape would say."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: like(expected[key], actual.get(key)) for key in expected}
    if isinstance(expected, list) and isinstance(actual, list) and expected:
        shapes = expected + [expected[-1]] * max(0, len(actual) - len(expected))
        return [like(e, a) for e, a in zip(shapes, actual, strict=False)]
    return actual
