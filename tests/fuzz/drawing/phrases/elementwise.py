"""One element at a time: arithmetic, comparisons, conversions, selections."""

from tests.fuzz.drawing.phrases.each import each

UNARY = (
    *each(
        "tf.@({float})",
        "tanh sigmoid atan abs negative sign floor ceil round erf erfc asinh square "
        "identity zeros_like ones_like stop_gradient is_nan is_inf is_finite nn.relu "
        "nn.relu6 nn.elu nn.selu nn.softplus nn.softsign sin cos",
    ),
    *each("tf.@(tf.tanh({float}))", "exp expm1 sinh cosh tan acos asin atanh cos"),
    *each("tf.@(tf.abs({float}) + 0.5)", "log log1p sqrt rsqrt reciprocal lgamma digamma"),
    "tf.acosh(tf.abs({float}) + 1.5)",
    "tf.nn.leaky_relu({float}, 0.3)",
    "tf.clip_by_value({float}, -0.7, 0.9)",
    "1.0 / (tf.square({float}) + 1.0)",
    "2.0 - {float}",
    "{float} ** 2",
    "tf.rint({single} * 3.0)",
    "tf.math.erfinv(tf.tanh({single}) * 0.9)",
    "tf.bitcast({float}, tf.{of:int16|int32|int64})",
    "tf.polyval([0.5, {float}, {wide}], 0.7)",
)
INTEGER = (
    *each("tf.@({int})", "abs negative sign square identity"),
    "tf.bitwise.invert({int})",
    *each(
        "tf.@({int}, {wide})",
        "add subtract multiply maximum minimum bitwise.bitwise_and bitwise.bitwise_or "
        "bitwise.bitwise_xor squared_difference",
    ),
    *each("tf.@({int}, tf.maximum({wide}, 1))", "floordiv floormod truncatediv truncatemod"),
    *each("tf.bitwise.@({int}, tf.bitwise.bitwise_and({like}, 3))", "left_shift right_shift"),
    "{int} * 2 + 1",
    "tf.raw_ops.PopulationCount(x={int})",
)
BINARY = (
    *each("tf.@({float}, {wide})", "add subtract maximum minimum squared_difference add subtract"),
    "{float} * {wide}",
    "{float} * 0.5 - {wide}",
    "tf.tanh({float}) * {wide}",
    "{float} / (tf.abs({wide}) + 0.5)",
    "tf.pow(tf.abs(tf.tanh({float})) + 0.3, tf.tanh({wide}) * 2)",
    "tf.floordiv({float}, tf.abs({wide}) + 0.5)",
    "tf.floormod({float}, tf.abs({wide}) + 0.5)",
    "tf.atan2({float}, tf.abs({wide}) + 0.5)",
    "tf.div_no_nan({float}, tf.nn.relu({wide}))",
    "tf.add_n([{float}, {like}, {like}])",
    "tf.raw_ops.MulNoNan(x={single}, y={wide})",
    "tf.math.xdivy({float}, tf.abs({wide}) + 0.5)",
    "tf.math.xlogy({float}, tf.abs({wide}) + 0.5)",
    "tf.math.accumulate_n([{single}, {like}])",
)
SPECIAL = (
    "tf.igamma(tf.abs({single}) + 0.5, tf.abs({like}) + 0.5)",
    "tf.igammac(tf.abs({single}) + 0.5, tf.abs({like}) + 0.5)",
    "tf.math.betainc(tf.abs({single}) + 0.5, tf.abs({like}) + 0.5, tf.sigmoid({like}))",
    "tf.math.zeta(tf.abs({single}) + 1.5, tf.abs({like}) + 0.5)",
    "tf.math.polygamma(2., tf.abs({single}) + 0.5)",
    *each("tf.math.@({single})", "bessel_i0e bessel_i1e"),
)
LOGIC = (
    *each("tf.@({number}, {wide})", "less less_equal greater greater_equal not_equal equal"),
    *each("tf.logical_@({bool}, {wide})", "and or xor"),
    "tf.logical_not({bool})",
    "{float} > 0.1",
    "tf.raw_ops.ApproximateEqual(x={single}, y={like}, tolerance=0.5)",
)
CONVERSIONS = (
    "tf.cast({float}, tf.{of:float32|float64|float16|bfloat16})",
    "tf.cast({int}, tf.{of:float32|float64|float16|int32|int64|int8|uint8|int16|bool})",
    "tf.cast({bool}, tf.{of:float32|float64|int32|int64|uint8|bfloat16})",
    "tf.cast(tf.clip_by_value(tf.where_v2(tf.is_nan({float}), tf.zeros_like({0}), {0}), -99., 99.),"
    " tf.{of:int32|int64|int16|int8})",
    "tf.saturate_cast({int}, tf.{of:int8|uint8|int16})",
    "tf.cast({float}, tf.bool)",
    "tf.complex({single}, {like})",
)
COMPLEX = (
    *each("tf.@({complex})", "real imag conj abs angle square negative"),
    "{complex} * {wide}",
    "{complex} + {wide}",
    "tf.reduce_sum({complex}, {axes})",
    "tf.exp({complex} * 0.1)",
    "tf.matmul({complex:2+}, {like}, adjoint_b=True)",
)
SELECTIONS = (
    "tf.where_v2({bool}, {any}, {like})",
    "tf.where_v2({bool}, {number}, 0)",
    "tf.where(tf.less({number}, {like}), {0}, {like})",
    "tf.where_v2({number} > {like}, {0}, {like})",
    "tf.where_v2({number} > 0, {0}, {like}) * {wide}",
    "tf.where_v2(tf.reduce_any({number} > {like}), {0}, {like})",
    "tf.clip_by_value({single}, tf.minimum(tf.reduce_min({like}), 0.), tf.reduce_max({0}))",
)
