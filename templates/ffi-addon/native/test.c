// Unit tests of the C library, without JavaScript: `bun test` compiles this with sanitizers and runs it.
#include "libc.h"

#include <stdio.h>

static size_t largest_block = SIZE_MAX; // larger ones find no memory
static void *limited_realloc(void *memory, size_t size) {
  return size > largest_block ? NULL : realloc(memory, size);
}
#define realloc limited_realloc
#include "addon.c"

static int failures;

#define EXPECT(condition)                                                    \
  do {                                                                       \
    if (!(condition)) {                                                      \
      failures++;                                                            \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                        \
  } while (0)

static void adds_and_takes_roots(void) {
  EXPECT(addon_add(2, 3) == 5);
  EXPECT(addon_add(INT32_MAX, 1) == INT32_MIN);
  EXPECT(addon_sqrt(2.25) == 1.5);
}

static void refuses_invalid_arguments(void) {
  const float one[] = {1};
  vindex_hit hit;
  EXPECT(vindex_create(0, VINDEX_DOT) == NULL);
  EXPECT(vindex_create(VINDEX_MAX_DIMENSIONS + 1, VINDEX_DOT) == NULL);
  EXPECT(vindex_create(1, VINDEX_METRICS) == NULL);
  vindex_free(NULL);
  EXPECT(vindex_append(NULL, one, 1) == ADDON_INVALID);
  EXPECT(vindex_search(NULL, one, 1, &hit, NULL, NULL) == -ADDON_INVALID);
  EXPECT(vindex_vectors(NULL) == NULL);

  vindex *index = vindex_create(1, VINDEX_DOT);
  EXPECT(vindex_search(index, one, 0, &hit, NULL, NULL) == -ADDON_INVALID);
  EXPECT(vindex_search(index, one, 1, &hit, NULL, NULL) == 0);
  EXPECT(vindex_commit(index, 1) == ADDON_INVALID);
  EXPECT(vindex_reserve(index, 0) == NULL);
  EXPECT(vindex_reserve(index, UINT32_MAX) == NULL);
  vindex_free(index);
}

static void keeps_all_or_nothing(void) {
  const float good[] = {1, 2}, bad[] = {1, 2, NAN, 0}, infinite[] = {INFINITY, 0};
  vindex *index = vindex_create(2, VINDEX_DOT);
  vindex_hit hits[4];
  EXPECT(vindex_append(index, good, 1) == ADDON_OK);
  EXPECT(vindex_append(index, bad, 0) == ADDON_OK && vindex_append(index, NULL, 0) == ADDON_OK);
  EXPECT(vindex_append(index, NULL, 1) == ADDON_INVALID);
  EXPECT(vindex_append(index, bad, 2) == ADDON_NOT_FINITE);
  EXPECT(vindex_append(index, infinite, 1) == ADDON_NOT_FINITE);
  EXPECT(vindex_search(index, infinite, 1, hits, NULL, NULL) == -ADDON_NOT_FINITE);
  EXPECT(vindex_search(index, good, 4, hits, NULL, NULL) == 1);
  EXPECT(hits[0].id == 0 && hits[0].score == 5);
  vindex_free(index);
}

static void grows_by_less_if_memory_is_short(void) {
  const float vectors[12] = {1};
  vindex *index = vindex_create(1, VINDEX_DOT);
  EXPECT(vindex_append(index, vectors, 10) == ADDON_OK);
  largest_block = 11 * sizeof(double); // enough for 11 norms, not for 10 + 10 / 2
  EXPECT(vindex_append(index, vectors, 1) == ADDON_OK && index->capacity == 11);
  EXPECT(vindex_append(index, vectors, 2) == ADDON_OUT_OF_MEMORY);
  largest_block = SIZE_MAX;
  EXPECT(vindex_append(index, vectors, 2) == ADDON_OK && index->capacity == 11 + 11 / 2);
  vindex_free(index);
}

static int32_t odd_only(uint32_t id) { return id % 2; }
static int32_t stop(uint32_t id) { return id == 3 ? -1 : 1; }

static void ranks(void) {
  // Ten times the same vector: equal scores, so the lowest ids win, in order.
  vindex *index = vindex_create(3, VINDEX_COSINE);
  const float vector[] = {3, -4, 12}, zero[3] = {0};
  vindex_hit hits[10];
  for (int i = 0; i < 10; i++) EXPECT(vindex_append(index, vector, 1) == ADDON_OK);
  EXPECT(vindex_search(index, vector, 4, hits, NULL, NULL) == 4);
  for (uint32_t i = 0; i < 4; i++) EXPECT(hits[i].id == i && hits[i].score == 1);
  EXPECT(vindex_search(index, zero, 1, hits, NULL, NULL) == 1 && hits[0].score == 0);

  EXPECT(vindex_search(index, vector, 3, hits, odd_only, NULL) == 3);
  EXPECT(hits[0].id == 1 && hits[2].id == 5);
  EXPECT(vindex_search(index, vector, 10, hits, stop, NULL) == -ADDON_STOPPED);
  const int32_t cancel = 1;
  EXPECT(vindex_search(index, vector, 10, hits, NULL, &cancel) == -ADDON_CANCELLED);
  vindex_free(index);
}

static uint32_t random_state = 1;
static float random_float(void) { // -1 to 1
  random_state = random_state * 1664525u + 1013904223u;
  return (float)(random_state >> 8) / 8388608.0f - 1;
}

// Each kernel of this CPU must lead to the very hits that the exact loop alone finds.
static void kernels_agree(void) {
  static const uint32_t dimensions[] = {1, 2, 3, 7, 31, 32, 33, 64, 100, 257};
  enum { SIZE = 700, K = 20 };
  EXPECT(addon_simd() != NULL);
  instruction_set all[MAX_INSTRUCTION_SETS];
  const uint32_t count = list_instruction_sets(all);
  for (size_t d = 0; d < sizeof dimensions / sizeof *dimensions; d++) {
    for (uint32_t metric = VINDEX_DOT; metric < VINDEX_METRICS; metric++) {
      const uint32_t n = dimensions[d];
      vindex *index = vindex_create(n, metric);
      float *room = vindex_reserve(index, SIZE);
      for (size_t i = 0; i < (size_t)SIZE * n; i++) room[i] = random_float();
      EXPECT(vindex_commit(index, SIZE) == ADDON_OK);
      vindex_hit exact[K], fast[K];
      const float *query = vindex_vectors(index);
      index->sum_fast = NULL;
      EXPECT(vindex_search(index, query, K, exact, NULL, NULL) == K);
      for (uint32_t i = 0; i < count; i++) {
        index->sum_fast = choose_fast_sum(all[i], metric);
        EXPECT(vindex_search(index, query, K, fast, NULL, NULL) == K);
        for (int hit = 0; hit < K; hit++)
          EXPECT(exact[hit].id == fast[hit].id && exact[hit].score == fast[hit].score);
      }
      vindex_free(index);
    }
  }
}

int main(void) {
  adds_and_takes_roots();
  refuses_invalid_arguments();
  keeps_all_or_nothing();
  grows_by_less_if_memory_is_short();
  ranks();
  kernels_agree();
  if (failures == 0) printf("kernels tried: %s and below\n", addon_simd());
  return failures == 0 ? 0 : 1;
}
