// Exact top-k. Fast float32 sums rule out the rows that cannot be among the best; the others are scored in double.
#include "vindex.h"

#define BLOCK_ROWS 256
#define BLOCK_BYTES (256 * 1024) // a block stays in the L2 cache between the fast pass and the exact one

// The heap starts with `k` of these. As long as one is at the root, `is_ruled_out` is always false: every dot product and cosine
// is far above this score, and its square is not below 1e37, the limit for distances.
#define NO_HIT ((vindex_hit){-1e300, VINDEX_MAX_SIZE})

static bool is_worse(vindex_hit a, vindex_hit b) {
  return a.score < b.score || (a.score == b.score && a.id > b.id);
}

// `hits` is a heap with the worst hit at the root: puts `hit` where the root was.
static void sift_down(vindex_hit *hits, uint32_t count, vindex_hit hit) {
  uint32_t at = 0;
  for (uint32_t child = 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && is_worse(hits[child + 1], hits[child])) child++;
    if (!is_worse(hits[child], hit)) break;
    hits[at] = hits[child];
    at = child;
  }
  hits[at] = hit;
}

// Heapsort: moves the worst hit to the back, then the worst of those before it, and so on.
static void sort_best_first(vindex_hit *hits, uint32_t count) {
  while (count > 1) {
    const vindex_hit worst = hits[0];
    count--;
    sift_down(hits, count, hits[count]);
    hits[count] = worst;
  }
}

// Whether the lowest score is the best.
static bool is_distance(uint32_t metric) { return metric == VINDEX_EUCLIDEAN; }

// The score of a row, in double. Distances are negative here, so that a higher score is better with every metric.
static double compute_score(const vindex *index, const float *query, double query_norm, uint32_t id) {
  const size_t n = index->dimensions;
  const float *row = index->vectors + id * n;
  if (index->metric == VINDEX_EUCLIDEAN) return -sqrt(compute_squared_distance(query, row, n));
  const double dot = compute_dot(query, row, n);
  if (index->metric == VINDEX_DOT) return dot;
  const double scale = query_norm * index->norms[id];
  return scale == 0 ? 0 : dot / scale;
}

// True only if the row is certainly worse than the worst hit, whose score is `worst`. `sum` is the row's float32 dot
// product with the query, or their squared distance if the metric is Euclidean. `norm_product` is the product of their
// norms. Error bound (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1): each term of the sum, a product
// or a square, goes through at most r float32 roundings; r is given below for each metric, and is at most 65538. Its relative
// error is then below 0.51 * r * FLT_EPSILON, in any order of the additions, with or without fused multiply-adds.
static bool is_ruled_out(const vindex *index, float sum, double norm_product, double worst) {
  const double n = index->dimensions;
  if (index->metric == VINDEX_EUCLIDEAN) {
    // No term is negative, so the relative error of the sum is at most that of a term. Roundings per term: 2 for the
    // difference, because it is squared, 1 for the square, and at most n - 1 for the additions: r = n + 2. Without the
    // factor 0.51, the bound is about twice as large, which also covers the roundings in double, of `worst` and the score.
    const double relative_error = (n + 2) * FLT_EPSILON;
    const double underflow = n * FLT_MIN;
    const double worst_squared = worst * worst; // `worst` is a negative distance
    // If worst_squared is below 1e37, a row whose sum overflows is certainly worse: its squared distance is above 1e38.
    return worst_squared < 1e37 && sum > worst_squared * (1 + relative_error) + underflow;
  }
  if (!(norm_product < 1e37)) return false; // the sum may have overflowed
  // Roundings per term: 1 for the product, and at most n - 1 for the additions: r = n. The absolute values of the products add
  // up to at most norm_product, so the roundings change the sum by less than n * FLT_EPSILON * norm_product. Each product that
  // underflows changes it by at most FLT_MIN.
  const double error = n * (FLT_EPSILON * norm_product + FLT_MIN);
  const double scale = index->metric == VINDEX_COSINE ? norm_product : 1;
  return sum + error < worst * scale;
}

int32_t vindex_search(const vindex *index, const float *query, uint32_t k, vindex_hit *hits,
                      vindex_accept *accept, const int32_t *cancel) {
  if (index == NULL || query == NULL || hits == NULL || k == 0 || k > VINDEX_MAX_SIZE)
    return -ADDON_INVALID;
  const size_t n = index->dimensions;
  const double query_norm = compute_norm(query, n);
  if (!is_finite(query_norm)) return -ADDON_NOT_FINITE;

  const uint32_t fitting = (uint32_t)(BLOCK_BYTES / (n * sizeof(float)));
  const uint32_t block = fitting < 1 ? 1 : fitting < BLOCK_ROWS ? fitting : BLOCK_ROWS;
  float sums[BLOCK_ROWS];
  uint32_t found = 0;
  for (uint32_t i = 0; i < k; i++) hits[i] = NO_HIT;

  for (uint32_t start = 0; start < index->size; start += block) {
    if (cancel != NULL && load_relaxed(cancel) != 0) return -ADDON_CANCELLED; // another thread may set it
    const uint32_t rows = index->size - start < block ? index->size - start : block;
    if (index->sum_fast != NULL)
      index->sum_fast(query, index->vectors + start * n, rows, index->dimensions, sums);

    for (uint32_t row = 0; row < rows; row++) {
      const uint32_t id = start + row;
      if (index->sum_fast != NULL &&
          is_ruled_out(index, sums[row], query_norm * index->norms[id], hits[0].score))
        continue;
      const vindex_hit hit = {compute_score(index, query, query_norm, id), id};
      if (hit.score <= hits[0].score) continue; // equal scores: the lower id stays
      if (accept != NULL) {
        const int32_t verdict = accept(hit.id);
        if (verdict < 0) return -ADDON_STOPPED;
        if (verdict == 0) continue;
      }
      sift_down(hits, k, hit);
      if (found < k) found++;
    }
  }
  sort_best_first(hits, k);
  if (is_distance(index->metric))
    for (uint32_t i = 0; i < found; i++) hits[i].score = -hits[i].score;
  return (int32_t)found;
}
// #region worker

vindex_searcher *vindex_search_address(void) { return vindex_search; }
// #endregion
