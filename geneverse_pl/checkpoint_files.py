"""Checkpoints, looked at before a run begins: whether they are there, whole, and free of code."""

import zipfile
from pathlib import Path
from typing import Any

from geneverse_pl.exceptions import ConfigError

_ADVICE = "Give a file NAME.ckpt that fit wrote into RUN/checkpoints."
_REMOTE = "://"


def check_checkpoint(ckpt_path: str | None, run_folder: Path) -> None:
    """Raises a ConfigError unless a checkpoint to load exists.

    Args:
        ckpt_path: What ``--ckpt_path`` says.
        run_folder: Folder of the runs, where another checkpoint may lie.
    """
    if ckpt_path is None or _REMOTE in ckpt_path or ckpt_path == "hpc":
        return
    path = Path(ckpt_path)
    beside = path.with_name(path.name + ".ckpt")
    if path.exists() and not (path.is_dir() and beside.is_file()):
        return
    written = sorted(run_folder.glob("**/checkpoints/*.ckpt"), key=lambda p: p.stat().st_mtime)
    near = [p for p in reversed(written) if p.stem == path.name.removesuffix(".ckpt")] or written[-1:]
    found = beside if beside.is_file() else next(iter(near), None)
    hint = f"Did you mean {found}?" if found else "fit writes them into RUN/checkpoints."
    raise ConfigError(f"--ckpt_path must name a checkpoint file, and '{ckpt_path}' is none. {hint}")


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint file, its tensors left on the disk; no code in it is run.

    Args:
        path: The file.

    Raises:
        ConfigError: If it is no checkpoint, damaged, or holds code.
    """
    import pickle

    import torch

    if not zipfile.is_zipfile(path):
        raise ConfigError(
            f"--ckpt_path must name a whole checkpoint, and {path} is cut short or none. {_ADVICE}"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise ConfigError(
            f"--ckpt_path must name a checkpoint of tensors and numbers alone, and {path} holds other "
            f"objects, which could run code. {_ADVICE}"
        ) from error
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"--ckpt_path must name a whole checkpoint, and {path} cannot be read. {_ADVICE}"
        ) from error
    if not isinstance(content, dict) or "pytorch-lightning_version" not in content:
        raise ConfigError(f"--ckpt_path must name a checkpoint of Lightning, and {path} is none. {_ADVICE}")
    return content
