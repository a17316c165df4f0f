/* The mean of every window of a vector: an op in C. `build_and_run.py` compiles and calls it. */
#include "flowc_op.h"

/* As many elements as there are windows: known when the graph is built, if the input's size is. */
static int moving_average_shape(flowc_call *call) {
    const flowc_tensor *x = &call->inputs[0];
    int64_t window = flowc_int(call, "window", 1);
    if (window < 1)
        return flowc_fail(call, FLOWC_INVALID_ARGUMENT, "window must be positive, not %lld",
                          (long long)window);
    int64_t size = x->shape[0];
    if (size >= 0 && size < window)
        return flowc_fail(call, FLOWC_INVALID_ARGUMENT, "%lld elements have no window of %lld",
                          (long long)size, (long long)window);
    call->outputs[0].rank = 1;
    call->outputs[0].shape[0] = size < 0 ? -1 : size - window + 1;
    return FLOWC_OK;
}

static int moving_average(flowc_call *call) {
    const float *x = call->inputs[0].data;
    float *y = call->outputs[0].data;
    int64_t window = flowc_int(call, "window", 1);
    for (int64_t i = 0; i < call->outputs[0].shape[0]; ++i) {
        double sum = 0;
        for (int64_t j = 0; j < window; ++j) sum += x[i + j];
        y[i] = (float)(sum / (double)window);
    }
    return FLOWC_OK;
}

/* The gradient is an op like any other; Python says that it belongs to MovingAverage. */
static int gradient_shape(flowc_call *call) {
    return flowc_same_shape(&call->outputs[0], &call->inputs[0]);
}

static int gradient(flowc_call *call) {
    const float *dy = call->inputs[1].data;
    float *dx = call->outputs[0].data;
    int64_t size = call->inputs[0].shape[0], count = call->inputs[1].shape[0];
    int64_t window = flowc_int(call, "window", 1);
    if (count != size - window + 1)
        return flowc_fail(call, FLOWC_INVALID_ARGUMENT, "%lld gradients for %lld windows",
                          (long long)count, (long long)(size - window + 1));
    for (int64_t i = 0; i < size; ++i) dx[i] = 0;
    for (int64_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < window; ++j) dx[i + j] += dy[i] / (float)window;
    return FLOWC_OK;
}

static const flowc_op ops[] = {
    {"MovingAverage(x: float32[:]; window: int >= 1) -> y: float32",
     moving_average_shape, moving_average, 0},
    {"MovingAverageGrad(x: float32[:], dy: float32[:]; window: int >= 1) -> dx: float32",
     gradient_shape, gradient, 0},
};
FLOWC_OPS(ops)
