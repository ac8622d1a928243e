// Which float32 loops a search uses, chosen when the program runs.
#ifndef ADDON_KERNELS_H
#define ADDON_KERNELS_H

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

#endif
