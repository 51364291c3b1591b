"""The command line: LightningCLI over any task and any data module."""

import importlib
import logging
import os
import re
import sys
from argparse import SUPPRESS
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import lightning as L
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger

import datamodules
import geneverse_pl
from geneverse_pl.callbacks.adapter_checkpoint import AdapterCheckpoint
from geneverse_pl.callbacks.prediction_writer import PredictionWriter
from geneverse_pl.callbacks.run_facts import RunFacts
from geneverse_pl.callbacks.throughput import Throughput
from geneverse_pl.checkpoint_files import check_checkpoint, read_checkpoint
from geneverse_pl.data.datamodule import TextDataModule
from geneverse_pl.exceptions import GeneverseError
from geneverse_pl.messages import COMMANDS, check_arguments, config_files, configure_logging, one_line
from geneverse_pl.places import check_output_folder
from geneverse_pl.tasks.base import BaseTask, check_fields
from geneverse_pl.trainer import Trainer

logger = logging.getLogger(__name__)


def require_own(package: ModuleType) -> None:
    """Raises an ImportError if another ``datamodules`` than ours was found first; the name is generic.

    Args:
        package: What ``import datamodules`` gave.
    """
    if not hasattr(package, "GENEVERSE_PL_DATAMODULES"):
        place = getattr(package, "__file__", None) or next(iter(getattr(package, "__path__", ["?"])))
        raise ImportError(
            f"'datamodules' must be the package installed with geneverse_pl, and {place} was found instead. "
            "Rename that folder or start from another directory."
        )


require_own(datamodules)

_WITHOUT_CHECKPOINT = ("prepare", "preview", "rephrase")
_CHECKPOINT_KEYS = ("ckpt_path", "weights_only")
# Lightning's own text recommends keywords that mean nothing across runs.
_CHECKPOINT_HELP = "Checkpoint to load, a file RUN/checkpoints/NAME.ckpt that fit wrote."


class GeneverseCLI(LightningCLI):
    """LightningCLI with this project's defaults and subcommands."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Subcommands, each a method of the trainer, with the arguments it gets from the other sections."""
        return {
            "fit": {"model", "train_dataloaders", "val_dataloaders", "datamodule"},
            "validate": {"model", "dataloaders", "datamodule"},
            "test": {"model", "dataloaders", "datamodule"},
            "predict": {"model", "dataloaders", "datamodule"},
            "prepare": {"model", "datamodule"},
            "preview": {"model", "datamodule"},
            "rephrase": {"model", "datamodule"},
        }

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds the callbacks every run has, configurable and never lost to a second callback list."""
        parser.add_lightning_class_args(AdapterCheckpoint, "checkpoint")
        parser.add_lightning_class_args(Throughput, "throughput")
        parser.add_argument(
            "--test_after_fit",
            type=bool,
            default=True,
            help="After fit, test the best checkpoint and print its scores beside their controls.",
        )

    def _prepare_subcommand_parser(
        self, klass: type, subcommand: str, **kwargs: Any
    ) -> LightningArgumentParser:
        parser = super()._prepare_subcommand_parser(klass, subcommand, **kwargs)
        for action in parser._actions:
            if action.dest == "download":  # `--download` alone says yes
                action.nargs, action.const = "?", True
            elif action.dest == "ckpt_path":
                action.help = _CHECKPOINT_HELP
        if subcommand in _WITHOUT_CHECKPOINT:
            # The configuration of a run, which `fit` saved, has these keys; here they mean nothing.
            for name in _CHECKPOINT_KEYS:
                parser.add_argument(f"--{name}", type=object, default=None, help=SUPPRESS)
        return parser

    def _parse_ckpt_path(self) -> None:
        """Checks the checkpoint, before Lightning looks for settings of the model in it."""
        name = self.config.get("subcommand")
        if name is None or name in _WITHOUT_CHECKPOINT:
            return
        path = self.config[name].get("ckpt_path")
        check_checkpoint(path, Path(self.config[name].get("trainer.default_root_dir") or "runs"))
        if path is not None and Path(path).is_file() and read_checkpoint(Path(path)).get("hyper_parameters"):
            super()._parse_ckpt_path()

    def before_instantiate_classes(self) -> None:
        """Checks where files are written, before anything is built."""
        config = self.config[self.subcommand]
        _check_folder("data.init_args.cache_dir", config.get("data.init_args.cache_dir"))
        if self.subcommand in _WITHOUT_CHECKPOINT:
            return
        _check_folder("trainer.default_root_dir", config.get("trainer.default_root_dir"))
        if "weights_only" in config:
            config["weights_only"] = True  # a foreign checkpoint runs no code

    def instantiate_classes(self) -> None:
        """Builds the objects, and checks that they fit before anything is loaded."""
        super().instantiate_classes()
        if isinstance(self.model, BaseTask):
            check_fields(self.model, self.datamodule)
            check_start(self.model)
            if self.subcommand == "fit":
                self.model.check_optimizer()
            elif self.subcommand not in _WITHOUT_CHECKPOINT:
                self._note_untrained(self.model)
        if isinstance(self.datamodule, TextDataModule):
            self.datamodule.follow(self.model)

    def _note_untrained(self, task: BaseTask) -> None:
        """Warns where nothing that was trained is loaded."""
        adapter = getattr(task, "adapter", None)
        if getattr(adapter, "method", None) == "freeze" or getattr(task, "start_from", None) is not None:
            return
        if self._get(self.config, "ckpt_path") is None:
            logger.warning(
                "no trained weights are named, so %s is of the model before training; name a checkpoint with "
                "--ckpt_path RUN/checkpoints/best.ckpt",
                self.subcommand,
            )

    def instantiate_trainer(self, **kwargs: Any) -> L.Trainer:
        """Logs to CSV and TensorBoard, in one folder, unless the configuration says otherwise."""
        config = self._get(self.config_init, "trainer")
        if config.get("logger") is None and not config.get("fast_dev_run"):
            kwargs["logger"] = default_loggers(Path(config.get("default_root_dir") or "runs"))
        more = {"predict": PredictionWriter, "fit": RunFacts, "test": RunFacts}.get(str(self.subcommand))
        if more is not None:
            own = config.get("callbacks") or []
            kwargs["callbacks"] = [*(own if isinstance(own, list) else [own]), more()]
        if config.get("enable_checkpointing") is False:
            # Lightning refuses a checkpoint callback then, and ours is always there.
            self._parser(self.subcommand).callback_keys.remove("checkpoint")
        return super().instantiate_trainer(**kwargs)

    def after_fit(self) -> None:
        """Tests the best checkpoint, so that every fit ends with its scores."""
        trainer: Any = self.trainer
        wanted = self._get(self.config_init, "test_after_fit")
        if not wanted or trainer.fast_dev_run or trainer.interrupted:
            return
        if isinstance(self.datamodule, TextDataModule) and not self.datamodule.test_splits:
            logger.info("the data module has no test questions, so there are no scores")
            return
        kept = trainer.checkpoint_callback
        checkpoint = (kept.best_model_path or kept.last_model_path or None) if kept is not None else None
        trainer.test(self.model, datamodule=self.datamodule, ckpt_path=checkpoint, verbose=False)
        if checkpoint:
            trainer.print(f"adapter written to {Path(checkpoint).with_suffix('')}")


def _check_folder(option: str, folder: object) -> None:
    if folder is not None and "://" not in str(folder):
        check_output_folder(option, Path(str(folder)))


def check_start(task: BaseTask) -> None:
    """Raises a ConfigError if an adapter folder that a task starts from is none, or one of another kind.

    Args:
        task: The task.
    """
    folder = getattr(task, "start_from", None)
    if isinstance(folder, Path):
        from geneverse_pl.models.adapter_folder import read_manifest

        read_manifest(folder)
        if getattr(task, "backend", None) == "open_clip":  # a tower and a projector of ours
            from geneverse_pl.models.vision_folder import check_vision_folder

            check_vision_folder(folder)


def default_loggers(root: Path) -> list[Logger]:
    """TensorBoard and CSV logs in the next ``version_N`` folder of ``root``."""
    used = [int(p.name.removeprefix("version_")) for p in root.glob("version_*") if p.name[8:].isdigit()]
    version = max(used, default=-1) + 1
    return [
        TensorBoardLogger(root, name="", version=version, default_hp_metric=False),
        CSVLogger(root, name="", version=version),
    ]


def import_named(arguments: Sequence[str]) -> None:
    """Imports the public classes that arguments or configuration files name, so that a bare name is enough.

    Args:
        arguments: Arguments of the command line.
    """
    texts = [*arguments, *(path.read_text("utf-8") for path in config_files(arguments))]
    words = set(re.findall(r"\w+", "\n".join(texts)))
    for package in (geneverse_pl, datamodules):
        for name in words.intersection(package.__all__):
            getattr(package, name)


def run(args: Sequence[str] | None = None) -> GeneverseCLI:
    """Parses the arguments and runs the subcommand; errors are raised."""
    arguments = list(sys.argv[1:] if args is None else args)
    check_arguments(arguments, {*GeneverseCLI.subcommands(), *COMMANDS})
    import_named(arguments)
    return GeneverseCLI(
        BaseTask,
        L.LightningDataModule,
        trainer_class=Trainer,
        trainer_defaults={"default_root_dir": "runs", "log_every_n_steps": 10},
        subclass_mode_model=True,
        subclass_mode_data=True,
        args=None if args is None else arguments,
        save_config_kwargs={"overwrite": True},
        seed_everything_default=0,
        auto_configure_optimizers=False,
        parser_kwargs={
            "prog": "geneverse_pl",
            "exit_on_error": False,
            **{name: {"exit_on_error": False} for name in GeneverseCLI.subcommands()},
        },
    )


def run_command(name: str, arguments: Sequence[str]) -> int:
    """Runs a command that needs no trainer; errors are raised.

    Args:
        name: One of ``COMMANDS``.
        arguments: Arguments after the name.

    Returns:
        Exit code.
    """
    command = importlib.import_module(f"geneverse_pl.commands.{name}")
    return int(command.run(arguments))


def main(args: Sequence[str] | None = None) -> int:
    """Entry point of ``geneverse_pl``.

    Args:
        args: Arguments without the program's name; None takes those of the process.

    Returns:
        Exit code: 0 when done, 2 for a mistake in arguments or data, 141 where the reader of the output
        is gone, 143 when stopped by SIGTERM.
    """
    from lightning.pytorch.utilities.exceptions import SIGTERMException

    arguments = list(sys.argv[1:] if args is None else args)
    configure_logging()
    try:
        if arguments and arguments[0] in COMMANDS:
            return run_command(arguments[0], arguments[1:])
        run(args)
    except SIGTERMException:
        return 143
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Who reads the output has read enough, as `head` does; what is left must not be written at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except GeneverseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        sys.stderr.write(f"error: {line}\n")
        return 2
    return 0
