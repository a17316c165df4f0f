/* Ops in C for flowc.
 *
 * A library holds a table of ops, and gives it out under one name:
 *
 *     #include "flowc_op.h"
 *
 *     static int shape(flowc_call *call) { ... }
 *     static int compute(flowc_call *call) { ... }
 *
 *     static const flowc_op ops[] = {
 *         {"ZeroOut(values: int32) -> zeroed: int32", shape, compute, 0},
 *     };
 *     FLOWC_OPS(ops)
 *
 * Compile it with `cc -shared -fPIC -O2 -I$(python -c 'import flowc; print(
 * flowc.custom_ops.include_dir())') -o zero_out.so zero_out.c`, and load it with
 * `flowc.load_op_library("./zero_out.so")`.
 *
 * The signature is written as flowc's own are (see docs/custom_ops.md). Both functions return
 * FLOWC_OK, or a code after `flowc_fail` has written a message. They may be called from several
 * threads at once.
 *
 * Everything here is plain C99, with fixed layouts: a library made for this version of the interface
 * works with every flowc that has it.
 */
#ifndef FLOWC_OP_H
#define FLOWC_OP_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOWC_OP_ABI_VERSION 1
#define FLOWC_MAX_RANK 32

/* Element types; the numbers are those of TensorFlow's DataType. Complex values are pairs. */
enum {
    FLOWC_FLOAT32 = 1, FLOWC_FLOAT64 = 2, FLOWC_INT32 = 3, FLOWC_UINT8 = 4, FLOWC_INT16 = 5,
    FLOWC_INT8 = 6, FLOWC_COMPLEX64 = 8, FLOWC_INT64 = 9, FLOWC_BOOL = 10, FLOWC_BFLOAT16 = 14,
    FLOWC_UINT16 = 17, FLOWC_COMPLEX128 = 18, FLOWC_FLOAT16 = 19, FLOWC_UINT32 = 22,
    FLOWC_UINT64 = 23
};

/* What a function returns; the numbers are those of tf.errors. */
enum {
    FLOWC_OK = 0, FLOWC_INVALID_ARGUMENT = 3, FLOWC_NOT_FOUND = 5, FLOWC_RESOURCE_EXHAUSTED = 8,
    FLOWC_FAILED_PRECONDITION = 9, FLOWC_OUT_OF_RANGE = 11, FLOWC_UNIMPLEMENTED = 12,
    FLOWC_INTERNAL = 13
};

/* A tensor: row-major and contiguous. While shapes are inferred, `data` is NULL and a size that is
 * not known is -1. Inputs are not to be written. */
typedef struct flowc_tensor {
    int32_t dtype;
    int32_t rank;
    int64_t *shape; /* of an output: room for FLOWC_MAX_RANK sizes */
    void *data;
} flowc_tensor;

/* An attribute. Types and bools are ints; lists of ints and floats, and shapes, are arrays. */
enum { FLOWC_ATTR_INT = 0, FLOWC_ATTR_FLOAT = 1, FLOWC_ATTR_STRING = 2, FLOWC_ATTR_INTS = 3,
       FLOWC_ATTR_FLOATS = 4 };

typedef struct flowc_attribute {
    const char *name;
    int32_t kind;
    int32_t count;        /* elements of a list, bytes of a string; -1: a shape of unknown rank */
    int64_t i;
    double f;
    const char *s;        /* ends with a 0 that `count` leaves out */
    const int64_t *ints;
    const double *floats;
} flowc_attribute;

/* One call. Lists of tensors are written out: input 0, 1, ... in the order of the signature. */
typedef struct flowc_call {
    int32_t num_inputs;
    int32_t num_outputs;
    int32_t num_attributes;
    int32_t error_size;
    const flowc_tensor *inputs;
    flowc_tensor *outputs;
    const flowc_attribute *attributes;
    char *error; /* error_size bytes for a message */
} flowc_call;

typedef int (*flowc_function)(flowc_call *call);

#define FLOWC_STATEFUL 1 /* never merged with an equal node; run when a target names it */

typedef struct flowc_op {
    const char *signature;
    flowc_function shape;   /* sets rank and shape of every output, from shapes and attributes */
    flowc_function compute; /* fills the data of every output */
    int32_t flags;
} flowc_op;

#if defined(_WIN32)
#define FLOWC_EXPORT __declspec(dllexport)
#else
#define FLOWC_EXPORT __attribute__((visibility("default")))
#endif

/* Gives out a table, an array of flowc_op. */
#define FLOWC_OPS(table)                                                                  \
    FLOWC_EXPORT int32_t flowc_op_abi_version(void) { return FLOWC_OP_ABI_VERSION; }      \
    FLOWC_EXPORT const flowc_op *flowc_op_table(int32_t *count) {                         \
        *count = (int32_t)(sizeof(table) / sizeof((table)[0]));                           \
        return table;                                                                     \
    }

FLOWC_EXPORT int32_t flowc_op_abi_version(void);
FLOWC_EXPORT const flowc_op *flowc_op_table(int32_t *count);

/* Write a message, and return the code: `return flowc_fail(call, FLOWC_INVALID_ARGUMENT, ...)`. */
static inline int flowc_fail(flowc_call *call, int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->error, (size_t)call->error_size, format, arguments);
    va_end(arguments);
    return code;
}

/* The number of elements; -1 where a size is not known. */
static inline int64_t flowc_elements(const flowc_tensor *tensor) {
    int64_t total = 1;
    for (int32_t axis = 0; axis < tensor->rank; ++axis) {
        if (tensor->shape[axis] < 0) return -1;
        total *= tensor->shape[axis];
    }
    return total;
}

/* Give an output the shape of another tensor. */
static inline int flowc_same_shape(flowc_tensor *output, const flowc_tensor *other) {
    output->rank = other->rank;
    for (int32_t axis = 0; axis < other->rank; ++axis) output->shape[axis] = other->shape[axis];
    return FLOWC_OK;
}

/* The attribute of that name; NULL if there is none. */
static inline const flowc_attribute *flowc_find(const flowc_call *call, const char *name) {
    for (int32_t i = 0; i < call->num_attributes; ++i)
        if (strcmp(call->attributes[i].name, name) == 0) return &call->attributes[i];
    return NULL;
}

static inline int64_t flowc_int(const flowc_call *call, const char *name, int64_t otherwise) {
    const flowc_attribute *found = flowc_find(call, name);
    return found && found->kind == FLOWC_ATTR_INT ? found->i : otherwise;
}

static inline double flowc_float(const flowc_call *call, const char *name, double otherwise) {
    const flowc_attribute *found = flowc_find(call, name);
    return found && found->kind == FLOWC_ATTR_FLOAT ? found->f : otherwise;
}

static inline const char *flowc_string(const flowc_call *call, const char *name,
                                       const char *otherwise) {
    const flowc_attribute *found = flowc_find(call, name);
    return found && found->kind == FLOWC_ATTR_STRING ? found->s : otherwise;
}

#ifdef __cplusplus
}
#endif

#endif
