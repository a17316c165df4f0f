"""`tf.debugging`: assertions."""

from flowc.frontend.functions.checks import (
    assert_equal as assert_equal,
)
from flowc.frontend.functions.checks import (
    assert_greater as assert_greater,
)
from flowc.frontend.functions.checks import (
    assert_greater_equal as assert_greater_equal,
)
from flowc.frontend.functions.checks import (
    assert_less as assert_less,
)
from flowc.frontend.functions.checks import (
    assert_less_equal as assert_less_equal,
)
from flowc.frontend.functions.checks import (
    assert_negative as assert_negative,
)
from flowc.frontend.functions.checks import (
    assert_non_negative as assert_non_negative,
)
from flowc.frontend.functions.checks import (
    assert_non_positive as assert_non_positive,
)
from flowc.frontend.functions.checks import (
    assert_none_equal as assert_none_equal,
)
from flowc.frontend.functions.checks import (
    assert_positive as assert_positive,
)
from flowc.frontend.functions.checks import (
    assert_rank as assert_rank,
)
from flowc.frontend.functions.checks import (
    assert_rank_at_least as assert_rank_at_least,
)
from flowc.frontend.functions.checks import (
    assert_type as assert_type,
)
from flowc.frontend.functions.checks import (
    is_non_decreasing as is_non_decreasing,
)
from flowc.frontend.functions.checks import (
    is_numeric_tensor as is_numeric_tensor,
)
from flowc.frontend.functions.checks import (
    is_strictly_increasing as is_strictly_increasing,
)
from flowc.frontend.functions.checks import (
    verify_tensor_all_finite as assert_all_finite,
)
from flowc.frontend.functions.control import check_numerics as check_numerics
from flowc.frontend.functions.mathematics import (
    is_finite as is_finite,
)
from flowc.frontend.functions.mathematics import (
    is_inf as is_inf,
)
from flowc.frontend.functions.mathematics import (
    is_nan as is_nan,
)
