"""Questions and answers, with or without images, from users' own files."""

from datamodules.instruction.datamodule import InstructionDataModule

__all__ = ["InstructionDataModule"]
