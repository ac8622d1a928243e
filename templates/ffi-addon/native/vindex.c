// The life of an index: create, grow, free. All of its memory belongs to C.
#include "vindex.h"

vindex *vindex_create(uint32_t dimensions, uint32_t metric) {
  if (dimensions == 0 || dimensions > VINDEX_MAX_DIMENSIONS || metric >= VINDEX_METRICS) return NULL;
  vindex *index = calloc(1, sizeof *index);
  if (index == NULL) return NULL;
  index->dimensions = dimensions;
  index->metric = metric;
  index->sum_fast = choose_fast_sum(choose_instruction_set(), metric);
  return index;
}

void vindex_free(vindex *index) {
  if (index == NULL) return;
  free(index->vectors);
  free(index->norms);
  free(index);
}

// A search reads all vectors, and huge pages make that a fifth faster. The kernel may ignore this hint.
static void advise_huge_pages(float *memory, size_t size) {
#if defined(MADV_HUGEPAGE)
  const size_t page = (size_t)2 << 20;
  const size_t before = (page - (uintptr_t)memory % page) % page;
  if (size >= before + page) (void)madvise((char *)memory + before, size - before, MADV_HUGEPAGE);
#else
  (void)memory, (void)size;
#endif
}

// Each pointer is stored as soon as it is valid: if the second realloc fails, nothing leaks or dangles.
static bool grow(vindex *index, uint32_t capacity) {
  const size_t row = (size_t)index->dimensions * sizeof(float);
  if (capacity > SIZE_MAX / row) return false;
  float *vectors = realloc(index->vectors, capacity * row);
  if (vectors == NULL) return false;
  index->vectors = vectors;
  advise_huge_pages(vectors, capacity * row);
  double *norms = realloc(index->norms, capacity * sizeof(double));
  if (norms == NULL) return false;
  index->norms = norms;
  index->capacity = capacity;
  return true;
}

float *vindex_reserve(vindex *index, uint32_t count) {
  if (index == NULL || count == 0 || count > VINDEX_MAX_SIZE - index->size) return NULL;
  const uint32_t needed = index->size + count;
  if (needed > index->capacity) {
    const uint32_t half_more = index->capacity + index->capacity / 2;
    const bool has_grown = needed <= half_more && grow(index, half_more);
    // If there is no memory for half as much again, there may be for just these.
    if (!has_grown && !grow(index, needed)) return NULL;
  }
  return index->vectors + (size_t)index->size * index->dimensions;
}

int32_t vindex_commit(vindex *index, uint32_t count) {
  if (index == NULL || count > index->capacity - index->size) return ADDON_INVALID;
  for (uint32_t id = index->size; id < index->size + count; id++) {
    const float *vector = index->vectors + (size_t)id * index->dimensions;
    const double norm = compute_norm(vector, index->dimensions);
    if (!is_finite(norm)) return ADDON_NOT_FINITE;
    index->norms[id] = norm;
  }
  index->size += count;
  return ADDON_OK;
}

int32_t vindex_append(vindex *index, const float *vectors, uint32_t count) {
  if (index == NULL || (vectors == NULL && count > 0)) return ADDON_INVALID;
  if (count == 0) return ADDON_OK;
  float *room = vindex_reserve(index, count);
  if (room == NULL) return ADDON_OUT_OF_MEMORY;
  memcpy(room, vectors, (size_t)count * index->dimensions * sizeof(float));
  return vindex_commit(index, count);
}

const float *vindex_vectors(const vindex *index) { return index == NULL ? NULL : index->vectors; }
