// Float32 dot products and squared distances: one loop (simd.h), compiled once for each instruction set.
#include "vindex.h"

#ifdef __TINYC__
// TinyCC does not vectorize or optimize, so float32 loops would be no faster than the exact ones in vindex.h.
uint32_t list_instruction_sets(instruction_set out[MAX_INSTRUCTION_SETS]) {
  out[0] = (instruction_set){"none", NULL, NULL};
  return 1;
}
#else

#if defined(__x86_64__)
#define NAMED(name) name##_avx512
#define TARGET __attribute__((target("avx512f")))
#define WIDTH 16
#include "simd.h"

#define NAMED(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#include "simd.h"

#define BASELINE "sse2"
#elif defined(__aarch64__)
#define BASELINE "neon"
#else
#define BASELINE "scalar"
#endif

#define NAMED(name) name##_baseline // what every CPU of this architecture has
#define TARGET
#define WIDTH 4
#include "simd.h"

#if defined(__x86_64__)
#include <cpuid.h>

// Asks the CPU, and whether the system saves the wide registers: __builtin_cpu_supports would do the same, but
// zig cc has no library behind it.
static uint32_t list_x86_sets(instruction_set *out) {
  uint32_t a, b, c, d, enabled, count = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  const bool fma = c & bit_FMA;
  __asm__("xgetbv" : "=a"(enabled), "=d"(d) : "c"(0));
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  if ((b & bit_AVX512F) && (enabled & 0xe6) == 0xe6)
    out[count++] = (instruction_set){"avx512", dots_avx512, squared_distances_avx512};
  if ((b & bit_AVX2) && fma && (enabled & 0x06) == 0x06)
    out[count++] = (instruction_set){"avx2", dots_avx2, squared_distances_avx2};
  return count;
}
#endif

uint32_t list_instruction_sets(instruction_set out[MAX_INSTRUCTION_SETS]) {
  uint32_t count = 0;
#if defined(__x86_64__)
  count = list_x86_sets(out);
#endif
  out[count++] = (instruction_set){BASELINE, dots_baseline, squared_distances_baseline};
  return count;
}
#endif

#ifndef ADDON_SKIP_FASTEST
#define ADDON_SKIP_FASTEST 0
#endif

instruction_set choose_instruction_set(void) {
  instruction_set all[MAX_INSTRUCTION_SETS];
  const uint32_t count = list_instruction_sets(all);
  return all[ADDON_SKIP_FASTEST < count ? ADDON_SKIP_FASTEST : count - 1];
}

sum_function *choose_fast_sum(instruction_set set, uint32_t metric) {
  if (metric == VINDEX_EUCLIDEAN) return set.squared_distances;
  return metric == VINDEX_DOT || metric == VINDEX_COSINE ? set.dots : NULL;
}
