"""What can happen to the bytes of a file: each damage takes bytes and a generator, and gives other bytes."""

import gzip
import random
import re
from collections.abc import Callable, Mapping

GZIP_MAGIC = b"\x1f\x8b"
_NUMBER = re.compile(rb"\d+(?:\.\d+)?")
_VALUE = re.compile(rb'(?<=[:,\[]) ?(?:"[^"]*"|\d+)')
_HUGE = (
    b"9" * 5000,
    b"1e999",
    b"-1e999",
    b"NaN",
    b"-1",
    b"99999999999999999999",
    b"0x7f",
    b"1_0",
    "٣".encode(),
)
_DEPTH = 200_000
_LONG_CELL = 2 << 20
_UNPACKED = 96 << 20
_ENTITIES = b'<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/hosts">]>\n'

Damage = Callable[[bytes, random.Random], bytes]


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 30))):
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    piece = rng.randbytes(rng.choice((4, 64, 512)))[: len(data) - start]
    return data[:start] + piece + data[start + len(piece) :]


def _remove_piece(data: bytes, rng: random.Random) -> bytes:
    start, end = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
    return data[:start] + data[end:]


def _drop_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    first = lines[1:] if rng.random() < 0.3 else lines
    return b"".join(line for line in first if rng.random() < 0.7)


def _repeat_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line for line in lines for _ in range(rng.choice((1, 1, 2))))


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _separator(data: bytes) -> bytes:
    return max((b"\t", b",", b" "), key=lambda one: data.count(one) * (2 if one == b"\t" else 1))


def _remove_column(data: bytes, rng: random.Random) -> bytes:
    separator = _separator(data)
    widest = max(line.count(separator) for line in data.splitlines()) + 1
    column = rng.randrange(widest)
    rows = (line.split(separator) for line in data.splitlines())
    return b"\n".join(separator.join(row[:column] + row[column + 1 :]) for row in rows) + b"\n"


def _swap_columns(data: bytes, rng: random.Random) -> bytes:
    separator = _separator(data)
    rows = [line.split(separator) for line in data.splitlines()]
    one, other = rng.sample(range(max(map(len, rows)) + 1), 2)
    for row in rows[rng.choice((0, 1)) :]:
        if max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
    return b"\n".join(map(separator.join, rows)) + b"\n"


def _change_separator(data: bytes, rng: random.Random) -> bytes:
    return data.replace(_separator(data), rng.choice((b",", b";", b" ", b"\t\t", b"|", b"")))


def _other_encoding(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("latin-1")
    marked = text[: len(text) // 2] + "Köhler – β" + text[len(text) // 2 :]
    return marked.encode(rng.choice(("latin-1", "utf-16", "utf-16-le", "utf-32", "cp500")), "replace")


def _marks(data: bytes, rng: random.Random) -> bytes:
    mark = rng.choice((b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\x8b"))
    at = rng.choice((0, rng.randrange(len(data))))
    return data[:at] + mark + data[at:]


def _nul(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + b"\0" * rng.choice((1, 1, 4096)) + data[at:]


def _line_ends(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\n", b"", b"\x85", "\u2028".encode())))


def _huge_number(data: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data + b"9" * 5000
    place = rng.choice(found)
    return data[: place.start()] + rng.choice(_HUGE) + data[place.end() :]


def _quotes(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return (
        data[:at]
        + rng.choice((b'"', b"'", b'"\n', b"\\", b"\\u", b"\\ud800", b"{", b"]", b"<", b"&x;"))
        + data[at:]
    )


def _other_value(data: bytes, rng: random.Random) -> bytes:
    found = list(_VALUE.finditer(data))
    if not found:
        return _quotes(data, rng)
    place = rng.choice(found)
    value = rng.choice(
        (b"null", b"[]", b"{}", b"true", b'"\\ud800"', b"-1", b"1e400", b'""', b"[[1]]", b'{"a":{}}')
    )
    return data[: place.start()] + value + data[place.end() :]


def _nest(data: bytes, rng: random.Random) -> bytes:
    opening = rng.choice((b"[", b'{"a":', b"<a>", b"(", b"<value><a>"))
    found = list(_VALUE.finditer(data))
    at = rng.choice(found).start() if found else rng.randrange(len(data))
    at = data.find(b">", at) + 1 if opening.startswith(b"<") else at
    return data[:at] + opening * _DEPTH + data[at:]


def _entities(data: bytes, rng: random.Random) -> bytes:
    start = data.find(b"<", data.find(b"?>") + 1)
    place = rng.choice([match.end() for match in re.finditer(rb">", data)] or [0])
    return data[:start] + _ENTITIES + data[start:place] + rng.choice((b"&b;", b"&c;", b"")) + data[place:]


def _long_cell(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice((b"x", b"(", b" ", b"1", b";", b"a; ", b"[a] ")) * _LONG_CELL + data[at:]


def _pack(damage: Damage) -> Damage:
    """The damage within a whole gzip."""
    return lambda data, rng: gzip.compress(damage(data, rng), 1, mtime=0)


def _damaged_pack(damage: Damage) -> Damage:
    """The damage to a gzip, beyond its first bytes."""

    def act(data: bytes, rng: random.Random) -> bytes:
        packed = gzip.compress(data, 1, mtime=0)
        return packed[:2] + damage(packed[2:], rng)

    return act


#: Those that make small files unpack, or nest, to large ones: they take seconds.
FLOODS = frozenset({"gzip_of_zeros", "gzip_of_one_line", "nest", "long_cell"})
#: Name to damage.
DAMAGES: Mapping[str, Damage] = {
    "flip": _flip,
    "overwrite": _overwrite,
    "truncate": lambda data, rng: data[: rng.randrange(len(data))],
    "remove_piece": _remove_piece,
    "append": lambda data, rng: data + rng.choice((rng.randbytes(99), b"\n\n", data[: len(data) // 3])),
    "drop_lines": _drop_lines,
    "repeat_lines": _repeat_lines,
    "swap_lines": _swap_lines,
    "remove_column": _remove_column,
    "swap_columns": _swap_columns,
    "change_separator": _change_separator,
    "other_encoding": _other_encoding,
    "marks": _marks,
    "nul": _nul,
    "line_ends": _line_ends,
    "huge_number": _huge_number,
    "quotes": _quotes,
    "other_value": _other_value,
    "nest": _nest,
    "entities": _entities,
    "long_cell": _long_cell,
    "garbage": lambda data, rng: rng.randbytes(rng.choice((1, 2, 9, len(data)))),
    "empty": lambda _, rng: rng.choice((b"", b"\n", b" \n \n", b"\xef\xbb\xbf", b"\0")),
    "magic_alone": lambda data, rng: data[: rng.choice((1, 2, 4, 8, 16))],
    "gzip_of_flipped": _pack(_flip),
    "gzip_of_cut": _pack(lambda data, rng: data[: rng.randrange(len(data))]),
    "gzip_of_nothing": _pack(lambda *_: b""),
    "gzip_of_garbage": _pack(lambda data, rng: rng.randbytes(len(data))),
    "gzip_of_zeros": _pack(lambda *_: bytes(_UNPACKED)),
    "gzip_of_one_line": _pack(lambda *_: b"A" * _UNPACKED),
    "gzip_twice": _pack(_pack(lambda data, _: data)),
    "cut_gzip": _damaged_pack(lambda data, rng: data[: rng.randrange(len(data))]),
    "flipped_gzip": _damaged_pack(_flip),
    "overwritten_gzip": _damaged_pack(_overwrite),
    "gzip_and_more": _damaged_pack(lambda data, rng: data + rng.randbytes(rng.choice((1, 30)))),
    "gzip_magic_and_garbage": lambda data, rng: GZIP_MAGIC + rng.randbytes(rng.choice((0, 8, len(data)))),
}
