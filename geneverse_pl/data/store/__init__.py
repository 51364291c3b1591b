"""The store: one HDF5 file for one prepared data set, written once and read without loading it."""

from geneverse_pl.data.store.build import build_once, file_digest, store_key
from geneverse_pl.data.store.draft import StoreDraft
from geneverse_pl.data.store.layout import SCHEMA_VERSION
from geneverse_pl.data.store.reader import ImageTable, TokenSplit, TokenStore
from geneverse_pl.data.store.writer import StoreWriter

__all__ = [
    "SCHEMA_VERSION",
    "ImageTable",
    "StoreDraft",
    "StoreWriter",
    "TokenSplit",
    "TokenStore",
    "build_once",
    "file_digest",
    "store_key",
]
