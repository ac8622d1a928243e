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

uint32_t kernels_for_this_cpu(kernel out[4]) {
  uint32_t count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) out[count++] = (kernel){"avx512", dots_avx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    out[count++] = (kernel){"avx2", dots_avx2};
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
