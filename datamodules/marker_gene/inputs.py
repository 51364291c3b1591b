"""The sections that questions are asked about: from the user's files, or made up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from datamodules.marker_gene.simulator import SimulatorConfig, simulate
from datamodules.sources.spatial import Section
from datamodules.sources.spatial_sections import SectionSource, read_sections, section_files, source_name
from geneverse_pl.data.store import file_digest
from geneverse_pl.exceptions import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class SectionInput:
    """A section and where it comes from.

    Args:
        section: The section.
        group: Sections of one group never lie in two splits when sections are held out.
        origin: What determines the section's contents; JSON-able.
    """

    section: Section
    group: str
    origin: dict[str, object]


class MarkerInputs:
    """Sections of files or of the simulator.

    Args:
        sources: Files and folders; None or empty for the simulator.
        simulator: What is made up; None for files.
        seed: Seed of the simulator.
    """

    def __init__(
        self, sources: Sequence[Path | SectionSource] | None, simulator: SimulatorConfig | None, seed: int
    ) -> None:
        self._sources = [
            source if isinstance(source, SectionSource) else SectionSource(Path(source))
            for source in sources or ()
        ]
        self._simulator = simulator
        self._seed = seed

    def check(self) -> None:
        """Raises a ConfigError unless there is exactly one kind of sections, with values in range."""
        if self._simulator is None and not self._sources:
            raise ConfigError(
                "One of sections and simulator must be set, got neither. Name your files as sections, or set "
                "simulator={} for made-up ones."
            )
        if self._simulator is not None:
            if self._sources:
                raise ConfigError("Only one of sections and simulator may be set, got both. Remove one.")
            self._simulator.check()

    def files(self) -> list[Path]:
        """All files that are read.

        Raises:
            ConfigError: If a format is not known.
            MissingFileError: If a file is missing.
        """
        if self._simulator is not None:
            return [self._simulator.gene_names] if self._simulator.gene_names is not None else []
        return [file for source in self._sources for file in section_files(source)]

    def origins(self) -> list[dict[str, object]]:
        """What determines the contents of each source, files by their digests."""
        if self._simulator is None:
            return [_origin(source) for source in self._sources]
        digests = [file_digest(file) for file in self.files()]
        return [{**asdict(self._simulator), "gene_names": digests, "seed": self._seed}]

    def read(self) -> list[SectionInput]:
        """The sections.

        Raises:
            ConfigError: If two sections have one name, or a package is missing.
            MissingFileError: If a file is missing.
            DataFormatError: If a file is not as its format wants it.
        """
        if self._simulator is not None:
            [origin] = self.origins()
            sections = simulate(self._simulator, self._seed).sections
            return [SectionInput(section, section.name, origin) for section in sections]
        inputs = [
            SectionInput(section, source.group or section.name, origin)
            for source, origin in zip(self._sources, self.origins(), strict=True)
            for section in read_sections(source)
        ]
        counts = Counter(own.section.name for own in inputs)
        repeated = sorted(name for name, count in counts.items() if count > 1)
        if repeated:
            raise ConfigError(
                f"Each section must have a name of its own, but several are called {', '.join(repeated)}. "
                "Set the name of their sources."
            )
        return inputs


def _origin(source: SectionSource) -> dict[str, object]:
    # Digests by name alone would not do: in every Visium folder the files have the same names.
    digests = [file_digest(file) for file in section_files(source)]
    kept = {key: value for key, value in asdict(source).items() if key not in ("path", "labels", "name")}
    return {**kept, "name": source_name(source), "files": digests, "has_labels": source.labels is not None}
