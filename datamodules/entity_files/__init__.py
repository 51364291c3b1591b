"""Files of entities and relations for the analysis of representations."""

from datamodules.entity_files.from_corpus import write_corpus_entities
from datamodules.entity_files.from_hpo import write_hpo_entities
from datamodules.entity_files.selection import EntityLimits

__all__ = ["EntityLimits", "write_corpus_entities", "write_hpo_entities"]
