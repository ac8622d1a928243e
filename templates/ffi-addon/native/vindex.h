// What an index is made of: known to vindex.c and search.c only.
#ifndef ADDON_VINDEX_H
#define ADDON_VINDEX_H

#include "kernels.h"

struct vindex {
  float *vectors; // one after the other, as they were given
  double *norms;  // the length of each
  uint32_t size;
  uint32_t capacity;
  uint32_t dimensions;
  uint32_t metric;
  kernel_dots *dots;
};

// In double and in the order of the numbers, so that every backend gets the same bits: the product of two
// floats is exact in a double, which leaves the order of the additions as the only freedom. Four at a time
// keeps that order, and spares TinyCC, which optimises nothing, three of four trips to memory.
static inline double exact_dot(const float *a, const float *b, size_t n) {
  double sum = 0;
  size_t i = 0;
  for (; i + 4 <= n; i += 4, a += 4, b += 4)
    sum = sum + (double)a[0] * (double)b[0] + (double)a[1] * (double)b[1] + (double)a[2] * (double)b[2] +
          (double)a[3] * (double)b[3];
  for (; i < n; i++) sum += (double)*a++ * (double)*b++;
  return sum;
}

#endif
