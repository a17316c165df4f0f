"""`tf.io`: files, records, and tensors as text."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.image_boxes import decode_and_crop_jpeg, extract_jpeg_shape, is_jpeg
from flowc.frontend.functions.images import (
    decode_bmp, decode_gif, decode_image, decode_jpeg, decode_png, encode_jpeg, encode_png,
)
from flowc.frontend.functions.parsing import (
    FixedLenFeature, FixedLenSequenceFeature, SparseFeature, VarLenFeature, parse_example,
    parse_single_example, parse_single_sequence_example, parse_tensor, serialize_tensor,
)
from flowc.frontend.functions.strings import (
    decode_base64, decode_csv, decode_raw, encode_base64, matching_files, read_file, write_file,
)
from flowc.frontend.inputs.producers import match_filenames_once
from flowc.frontend.inputs.queues import (
    FIFOQueue, PaddingFIFOQueue, PriorityQueue, QueueBase, RandomShuffleQueue,
)
from flowc.frontend.inputs.records import (
    TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tf_record_iterator,
)
from flowc.frontend.platform import gfile_v2 as gfile
from flowc.frontend.saving.freezing import write_graph

__all__ = [
    "FIFOQueue", "FixedLenFeature", "FixedLenSequenceFeature", "PaddingFIFOQueue", "PriorityQueue",
    "QueueBase", "RandomShuffleQueue", "SparseFeature", "TFRecordCompressionType",
    "TFRecordOptions", "TFRecordWriter", "VarLenFeature", "decode_and_crop_jpeg", "decode_base64",
    "decode_bmp", "decode_csv", "decode_gif", "decode_image", "decode_jpeg", "decode_png",
    "decode_raw", "encode_base64", "encode_jpeg", "encode_png", "extract_jpeg_shape", "gfile",
    "is_jpeg", "match_filenames_once", "matching_files", "parse_example", "parse_single_example",
    "parse_single_sequence_example", "parse_tensor", "read_file", "serialize_tensor",
    "tf_record_iterator", "write_file", "write_graph",
]
