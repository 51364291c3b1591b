"""What an adapter folder says of itself, read without its weights."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from geneverse_pl import __version__
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import AdapterConfig

MANIFEST_FILE = "geneverse.json"
#: What to do about a damaged folder.
COPY_ANEW = "Copy the folder anew from the run that wrote it."


def read_manifest(folder: Path) -> dict[str, Any]:
    """What an adapter folder says of itself.

    Raises:
        ConfigError: If it is not an adapter folder of this package, a damaged one, or one of a later version.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        if not folder.is_dir():
            what = "is no folder" if folder.exists() else "does not exist"
            raise ConfigError(
                f"An adapter folder must be there, and '{folder}' {what}. Give the folder that fit wrote "
                "beside its checkpoint, RUN/checkpoints/best."
            )
        near = sorted(str(p.parent) for p in folder.glob(f"*/{MANIFEST_FILE}"))
        hint = (
            f" Did you mean {near[0]}?" if near else " Give the folder that fit wrote beside its checkpoint."
        )
        raise ConfigError(f"An adapter folder must hold {MANIFEST_FILE}, '{folder}' does not.{hint}")
    manifest = _parse_manifest(path)
    unknown = set(manifest["adapter"]) - {f.name for f in fields(AdapterConfig)}
    if unknown:
        raise ConfigError(
            f"{path} must be of this version ({__version__}) or an earlier one, and it has the unknown "
            f"adapter setting '{min(unknown)}' (version {manifest.get('version')}). Update geneverse_pl."
        )
    _check_key(path, manifest, "model", str)
    _check_key(path, manifest, "new_tokens", dict)
    _check_whole(folder)
    return manifest


def _check_whole(folder: Path) -> None:
    """Opens the weight files, which tells whether they are cut short, and reads no weights."""
    from safetensors import SafetensorError, safe_open

    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, "pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise ConfigError(
                f"The weights {path} must be a whole file of safetensors, and are damaged ({error}). "
                f"{COPY_ANEW}"
            ) from error


def _parse_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} must be JSON, and cannot be read ({error}). {COPY_ANEW}") from error
    _check_key(path, manifest, "adapter", dict)
    return dict(manifest)


def _check_key(path: Path, manifest: Any, key: str, kind: type) -> None:
    if not isinstance(manifest, dict) or not isinstance(manifest.get(key), kind):
        raise ConfigError(f"{path} must be an object with '{key}', and has none of its kind. {COPY_ANEW}")
