// Float32 dot products: one loop (dot.h), compiled once for each instruction set.
#include "kernels.h"

#ifdef __TINYC__
// TinyCC neither vectorises nor optimises: the exact loop of search.c is as fast.
uint32_t kernels_for_this_cpu(kernel out[4]) {
  out[0] = (kernel){"none", NULL};
  return 1;
}
#else

#if defined(__x86_64__)
#define KERNEL dots_avx512
#define TARGET __attribute__((target("avx512f")))
#define WIDTH 16
#include "dot.h"

#define KERNEL dots_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define WIDTH 8
#include "dot.h"

#define BASELINE "sse2"
#elif defined(__aarch64__)
#define BASELINE "neon"
#else
#define BASELINE "scalar"
#endif

#define KERNEL dots_baseline // what every CPU of this architecture has
#define TARGET
#define WIDTH 4
#include "dot.h"

#if defined(__x86_64__)
#include <cpuid.h>

// Asks the CPU, and whether the system saves the wide registers: __builtin_cpu_supports would do the same, but
// zig cc has no library behind it.
static uint32_t add_x86_kernels(kernel out[2]) {
  uint32_t a, b, c, d, enabled, count = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  const bool fma = c & bit_FMA;
  __asm__("xgetbv" : "=a"(enabled), "=d"(d) : "c"(0));
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  if ((b & bit_AVX512F) && (enabled & 0xe6) == 0xe6) out[count++] = (kernel){"avx512", dots_avx512};
  if ((b & bit_AVX2) && fma && (enabled & 0x06) == 0x06) out[count++] = (kernel){"avx2", dots_avx2};
  return count;
}
#endif

uint32_t kernels_for_this_cpu(kernel out[4]) {
  uint32_t count = 0;
#if defined(__x86_64__)
  count = add_x86_kernels(out);
#endif
  out[count++] = (kernel){BASELINE, dots_baseline};
  return count;
}
#endif

kernel kernel_for_this_cpu(void) {
  kernel all[4];
  kernels_for_this_cpu(all);
  return all[0];
}
