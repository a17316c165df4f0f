"""`tf.python_io`: record files in Python."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.inputs.records import (
    TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tf_record_iterator,
)

__all__ = ["TFRecordCompressionType", "TFRecordOptions", "TFRecordWriter", "tf_record_iterator"]
