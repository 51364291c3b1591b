from pathlib import Path

from geneverse_pl.data.partial_file import PartialFile


def test_what_is_noted_is_found_again(tmp_path: Path) -> None:
    target = tmp_path / "file.gz"
    first = PartialFile(target, "https://a/file.gz")
    assert (first.length, first.version) == (0, None)
    first.restart('"one"')
    first.path.write_bytes(b"abc")
    again = PartialFile(target, "https://a/file.gz")
    assert (again.length, again.version) == (3, '"one"')
    assert PartialFile(target, "https://b/file.gz").version is None
    again.restart(None)
    assert (again.length, again.version) == (0, None)


def test_the_address_is_not_written_down(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "file", "https://a/key-of-mine/file")
    part.restart(None)
    assert all("key-of-mine" not in path.read_text() for path in tmp_path.iterdir())


def test_it_gets_its_name_or_goes(tmp_path: Path) -> None:
    target = tmp_path / "file"
    part = PartialFile(target, "https://a/file")
    part.restart('"one"')
    part.path.write_bytes(b"abc")
    part.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    part.restart(None)
    part.discard()
    part.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
