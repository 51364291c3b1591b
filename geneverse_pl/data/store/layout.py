"""The HDF5 layout of a store: names, versions and types that writer and reader agree on.

::

    /                        attributes format, schema_version, complete, splits and provenance (JSON)
    /splits/<split>/         one group a split, of n samples with t tokens and m bytes of metadata
        input_ids            (t,) int32     token ids, one sample after the other
        trained              (t,) uint8     1 where the token counts in the loss
        token_offsets        (n + 1,) int64 where each sample's tokens begin; the last entry is t
        prefix_lengths       (n,) int32
        prefix_groups        (n,) int64     -1 where nothing is shared
        metadata             (m,) uint8     UTF-8 JSON objects, nothing for an empty one
        metadata_offsets     (n + 1,) int64 where each sample's metadata begins; the last entry is m
        images               (p,) int64     numbers of the images that the samples show
        image_offsets        (n + 1,) int64 where each sample's images begin; the last entry is p
        kinds                (n,) int32     which of the split's kinds of question each sample is
        sources              (n,) int32     which of its sources each comes from; -1 beyond 65,536 of them
        entities             (n,) int64     number made from the name of what it is about; -1 for nothing
        label_names          (l,) uint8     UTF-8 JSON: names of the kinds and sources, by their numbers
    /images/                 i distinct images, all splits together
        data                 (b,) uint8     the files' bytes (PNG, JPEG, …), one after the other
        offsets              (i + 1,) int64 where each image begins; the last entry is b
        digests              (32 i,) uint8  SHA-256 of each image's bytes
    /documents/<name>        (k,) uint8     UTF-8 JSON, compressed
"""

FORMAT = "geneverse_pl/token_store"
SCHEMA_VERSION = 3

DATASET_TYPES = {
    "input_ids": "int32",
    "trained": "uint8",
    "token_offsets": "int64",
    "prefix_lengths": "int32",
    "prefix_groups": "int64",
    "metadata": "uint8",
    "metadata_offsets": "int64",
    "images": "int64",
    "image_offsets": "int64",
    "kinds": "int32",
    "sources": "int32",
    "entities": "int64",
    "label_names": "uint8",
}
IMAGE_TYPES = {"data": "uint8", "offsets": "int64", "digests": "uint8"}
DIGEST_BYTES = 32
# The reader takes a whole chunk to verify its checksum, so chunks are of the order of a page cache read.
CHUNK_LENGTH = 8192
PARTIAL_SUFFIX = ".partial"
