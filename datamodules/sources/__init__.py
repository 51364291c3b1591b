"""Readers of public biomedical files: one module a source, each yielding frozen records with provenance."""
