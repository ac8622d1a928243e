// Which float32 dot product to use, chosen when the program runs.
#ifndef ADDON_KERNELS_H
#define ADDON_KERNELS_H

#include "addon.h"

// out[i] = dot(query, row i), for `count` rows of `dimensions` numbers one after the other.
typedef void kernel_dots(const float *query, const float *rows, uint32_t count, uint32_t dimensions,
                         float *out);

typedef struct {
  const char *name;
  kernel_dots *dots; // NULL: this compiler makes no fast one
} kernel;

// Every kernel that this CPU can run, the fastest first; returns how many (the tests try each).
uint32_t kernels_for_this_cpu(kernel out[4]);
kernel kernel_for_this_cpu(void);

#endif
