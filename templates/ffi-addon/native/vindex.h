// The fields of an index and the exact sums, for vindex.c and search.c only.
#ifndef ADDON_VINDEX_H
#define ADDON_VINDEX_H

#include "kernels.h"

struct vindex {
  float *vectors; // one after the other, as they were given
  double *norms;  // the Euclidean norm of each
  uint32_t size;
  uint32_t capacity;
  uint32_t dimensions;
  uint32_t metric;
  sum_function *sum_fast; // NULL: only the exact sums
};

// The fast sum of a metric, NULL if it has none.
static inline sum_function *choose_fast_sum(instruction_set set, uint32_t metric) {
  if (metric == VINDEX_EUCLIDEAN) return set.squared_distances;
  return metric == VINDEX_DOT || metric == VINDEX_COSINE ? set.dots : NULL;
}

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
