// The limit of any search: reading the memory once, on one thread, without computing anything.
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

static const size_t huge_page = (size_t)2 << 20;

// Huge pages, which are fastest to read, written once so that they are mapped.
void *open_memory(size_t bytes) {
  const size_t size = (bytes + huge_page - 1) / huge_page * huge_page;
  void *memory = aligned_alloc(huge_page, size);
  if (memory == NULL) return NULL;
#if defined(MADV_HUGEPAGE)
  (void)madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memset(memory, 1, size);
}

#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default")))
#endif
uint64_t read_all(const uint64_t *words, size_t bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes / sizeof *words; i++) sum += words[i];
  return sum;
}
