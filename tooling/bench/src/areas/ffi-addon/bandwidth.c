// The limit of any search: reading the memory once, on one thread, with nothing else to do.
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default")))
#endif
uint64_t read_all(const uint64_t *words, size_t bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes / sizeof *words; i++) sum += words[i];
  return sum;
}
