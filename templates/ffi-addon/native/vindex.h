// The fields of an index, its float32 sums (kernels.c) and its exact sums: for the files of native/ only.
#ifndef ADDON_VINDEX_H
#define ADDON_VINDEX_H

#include "addon.h"

// out[i] = a sum over the query and row i, for `count` rows of `dimensions` numbers one after the other.
typedef void sum_function(const float *query, const float *rows, uint32_t count, uint32_t dimensions, float *out);

// The loops of one instruction set. Both are NULL if the compiler makes no fast ones.
typedef struct {
  const char *name;
  sum_function *dots;
  sum_function *squared_distances;
} instruction_set;

#define MAX_INSTRUCTION_SETS 3 // of one platform

// Writes every instruction set that this CPU has, the fastest first, and returns how many.
uint32_t list_instruction_sets(instruction_set out[MAX_INSTRUCTION_SETS]);

// The one that searches use: the fastest, or with -DADDON_SKIP_FASTEST=n (for tests) a slower one.
instruction_set choose_instruction_set(void);

// The float32 sum of a metric, NULL if the instruction set has none for it.
sum_function *choose_fast_sum(instruction_set set, uint32_t metric);

struct vindex {
  float *vectors; // one after the other, as they were given
  double *norms;  // the Euclidean norm of each
  uint32_t size;
  uint32_t capacity;
  uint32_t dimensions;
  uint32_t metric;
  sum_function *sum_fast; // NULL: only the exact sums
};

static inline bool is_finite(double x) { return x - x == 0; } // NaN and infinities give NaN

// In double and from the first to the last component, so that every backend gets the same bits: the product of two
// floats is exact in a double, so only the order of the additions matters. Four at a time keep that order, and
// TinyCC, which optimizes nothing, stores the sum a quarter as often.
static inline double compute_dot(const float *a, const float *b, size_t n) {
  double sum = 0;
  size_t i = 0;
  for (; i + 4 <= n; i += 4, a += 4, b += 4)
    sum = sum + (double)a[0] * (double)b[0] + (double)a[1] * (double)b[1] + (double)a[2] * (double)b[2] +
          (double)a[3] * (double)b[3];
  for (; i < n; i++) sum += (double)*a++ * (double)*b++;
  return sum;
}

// The Euclidean norm. It is finite if, and only if, every component is: finite floats cannot overflow a double.
static inline double compute_norm(const float *a, size_t n) { return sqrt(compute_dot(a, a, n)); }

// The square of a difference is rounded, so a fused multiply-add would give other bits: scripts/compile.ts passes
// -ffp-contract=off.
static inline double compute_squared_distance(const float *a, const float *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    const double difference = (double)a[i] - (double)b[i];
    sum += difference * difference;
  }
  return sum;
}

#endif
