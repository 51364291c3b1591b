"""Tests an adapter folder as ``test`` does its run."""

import json
from collections.abc import Sequence
from pathlib import Path

from geneverse_pl.evaluation.run_folder import CONFIG_FILE
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapter_folder import MANIFEST_FILE, read_manifest


def arguments_of_test(folder: Path, configs: Sequence[Path], out: Path | None) -> list[str]:
    """Arguments of the ``test`` that asks the model of an adapter folder.

    Args:
        folder: The adapter folder. One that ``ContrastiveTask`` wrote is tested by the checkpoint beside it.
        configs: Configuration files; none takes that of the run that the folder lies in.
        out: Folder of the new run's folder; None takes that of the configuration.

    Raises:
        ConfigError: If it is no adapter folder, or its configuration is not found.
    """
    checkpoint = folder.with_name(f"{folder.name}.ckpt")
    is_contrastive = folder.is_dir() and not (folder / MANIFEST_FILE).is_file() and checkpoint.is_file()
    # As the folder holds it: some methods are written as plain LoRA.
    adapter = None if is_contrastive else read_manifest(folder)["adapter"]
    files = list(configs) or [_own_config(folder)]
    arguments = ["test", *(argument for path in files for argument in ("--config", str(path)))]
    if is_contrastive:
        arguments.append(f"--ckpt_path={checkpoint}")
    else:
        arguments += [
            "--ckpt_path=null",
            f"--model.init_args.start_from={folder}",
            f"--model.init_args.adapter={json.dumps(adapter)}",
        ]
    return arguments if out is None else [*arguments, f"--trainer.default_root_dir={out}"]


def _own_config(folder: Path) -> Path:
    for parent in list(folder.resolve().parents)[:2]:
        if (parent / CONFIG_FILE).is_file():
            return parent / CONFIG_FILE
    raise ConfigError(
        f"An adapter folder is tested by the configuration of its run, and there is no {CONFIG_FILE} above "
        f"'{folder}'. Name one with --config."
    )


def run_adapter_test(folder: Path, configs: Sequence[Path], out: Path | None) -> Path:
    """Runs ``test`` with the weights of an adapter folder, into a new run folder.

    Args:
        folder: The adapter folder.
        configs: Configuration files; none takes that of the run that the folder lies in.
        out: Folder of the new run's folder; None takes that of the configuration.

    Returns:
        The new run's folder.

    Raises:
        ConfigError: If it is no adapter folder, its configuration is not found, or the two do not fit.
    """
    arguments = arguments_of_test(folder, configs, out)
    from geneverse_pl.cli import run

    trainer = run(arguments).trainer
    return Path(trainer.log_dir or trainer.default_root_dir)
