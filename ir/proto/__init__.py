"""TensorFlow's protocol buffers: graphs, models, checkpoints, events.

`schema/*.proto` describes them in our own words, with TensorFlow's names and field numbers. What is
generated from those files is committed: `schema.binpb` holds their descriptors, `messages.py` one
name for each message and enum, `messages.pyi` their types. `generate.py` makes all three.

The classes live in a descriptor pool of their own, `POOL`, so that TensorFlow, which registers the
same names in the default pool, can be imported in the same process. `text_format` needs that pool
only for `google.protobuf.Any` (`descriptor_pool=POOL`).

An enum field is an `int`; `DataType.DT_FLOAT` is its number and `DataType.Name(1)` its name.
"""

from flowc.ir.proto.messages import *  # noqa: F403 -- the list of names is generated too
from flowc.ir.proto.pool import POOL as POOL
