// Exact top-k. Fast float32 sums rule out the rows that cannot matter; the few others are scored in double.
#include "vindex.h"

#define BLOCK_ROWS 256
#define BLOCK_BYTES (256 * 1024) // a block stays in the L2 cache between the fast pass and the exact one

uint32_t vindex_hit_layout(uint32_t field) {
  const size_t layout[] = {sizeof(vindex_hit), offsetof(vindex_hit, score), offsetof(vindex_hit, id)};
  return field < sizeof layout / sizeof *layout ? (uint32_t)layout[field] : (uint32_t)-1;
}

static bool worse(vindex_hit a, vindex_hit b) {
  return a.score < b.score || (a.score == b.score && a.id > b.id);
}

// `hits` is a heap with the worst hit at the root: puts `hit` where the root was.
static void sift_down(vindex_hit *hits, uint32_t count, vindex_hit hit) {
  uint32_t at = 0;
  for (uint32_t child = 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && worse(hits[child + 1], hits[child])) child++;
    if (!worse(hits[child], hit)) break;
    hits[at] = hits[child];
    at = child;
  }
  hits[at] = hit;
}

static void sift_up(vindex_hit *hits, uint32_t at, vindex_hit hit) {
  while (at > 0 && worse(hit, hits[(at - 1) / 2])) {
    hits[at] = hits[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  hits[at] = hit;
}

// Takes the worst off the heap again and again, from the back to the front.
static void sort_best_first(vindex_hit *hits, uint32_t count) {
  while (count > 1) {
    const vindex_hit worst = hits[0];
    count--;
    sift_down(hits, count, hits[count]);
    hits[count] = worst;
  }
}

int32_t vindex_search(const vindex *index, const float *query, uint32_t k, vindex_hit *hits,
                      vindex_accept *accept, const int32_t *cancel) {
  if (index == NULL || query == NULL || hits == NULL || k == 0 || k > VINDEX_MAX_SIZE)
    return -ADDON_INVALID;
  const size_t n = index->dimensions;
  const double query_norm = sqrt(exact_dot(query, query, n));
  if (!(query_norm - query_norm == 0)) return -ADDON_NOT_FINITE;

  const uint32_t fitting = (uint32_t)(BLOCK_BYTES / (n * sizeof(float)));
  const uint32_t block = fitting < 1 ? 1 : fitting < BLOCK_ROWS ? fitting : BLOCK_ROWS;
  float near[BLOCK_ROWS];
  uint32_t found = 0;

  for (uint32_t start = 0; start < index->size; start += block) {
    if (cancel != NULL && load_relaxed(cancel) != 0) return -ADDON_CANCELLED;
    const uint32_t rows = index->size - start < block ? index->size - start : block;
    const float *vectors = index->vectors + start * n;
    if (index->dots != NULL) index->dots(query, vectors, rows, index->dimensions, near);

    for (uint32_t row = 0; row < rows; row++) {
      const double reach = query_norm * index->norms[start + row]; // |dot| is never larger
      const double scale = index->metric == VINDEX_COSINE ? reach : 1;
      if (found == k && index->dots != NULL && reach < 1e37) {
        // A float32 sum of n products is off by less than n * epsilon * reach, in whatever order it is
        // added (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), and by n * FLT_MIN
        // where products underflow. Below 1e37 no sum overflows.
        const double error = (double)n * (FLT_EPSILON * reach + FLT_MIN);
        if (near[row] + error <= hits[0].score * scale) continue;
      }
      const double dot = exact_dot(query, vectors + row * n, n);
      const vindex_hit hit = {scale == 0 ? 0 : dot / scale, start + row};
      if (found == k && hit.score <= hits[0].score) continue; // equal scores: the lower id stays
      if (accept != NULL) {
        const int32_t verdict = accept(hit.id);
        if (verdict < 0) return -ADDON_STOPPED;
        if (verdict == 0) continue;
      }
      if (found < k) sift_up(hits, found++, hit);
      else sift_down(hits, k, hit);
    }
  }
  sort_best_first(hits, found);
  return (int32_t)found;
}

vindex_searcher *vindex_search_address(void) { return vindex_search; }
