// The fast kernels, written once: kernels.c includes this for each instruction set, with these defined.
//   NAMED(name)  the function's name    TARGET  its attributes    WIDTH  floats in one of its vector registers

// One body for both kernels: `is_squared_distance` is constant where this is inlined.
TARGET static inline __attribute__((always_inline)) void NAMED(sum_rows)(
    bool is_squared_distance, const float *query, const float *rows, uint32_t count, uint32_t dimensions, float *out) {
  typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
#define TERM(a, b) (is_squared_distance ? ((a) - (b)) * ((a) - (b)) : (a) * (b))
#define LOAD(from, at) (*(const vector *)((from) + (at)))
  // How far ahead to prefetch, in floats. Without it, Euclidean searches of a large index take a tenth longer.
  enum { PREFETCH = 128 };
  const size_t n = dimensions;
  for (uint32_t row = 0; row < count; row++) {
    const float *a = query, *b = rows + row * n;
    // Four sums side by side hide the latency of an addition.
    vector sums[4] = {{0}};
    size_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH)
      for (size_t s = 0; s < 4; s++) {
        __builtin_prefetch(b + i + s * WIDTH + PREFETCH); // may be past the end: a prefetch never faults
        sums[s] += TERM(LOAD(a, i + s * WIDTH), LOAD(b, i + s * WIDTH));
      }
    for (; i + WIDTH <= n; i += WIDTH) sums[0] += TERM(LOAD(a, i), LOAD(b, i));
    const vector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float total = 0;
    for (size_t lane = 0; lane < WIDTH; lane++) total += sum[lane];
    for (; i < n; i++) total += TERM(a[i], b[i]);
    out[row] = total;
  }
#undef TERM
#undef LOAD
}

TARGET static void NAMED(dots)(const float *query, const float *rows, uint32_t count, uint32_t dimensions,
                               float *out) {
  NAMED(sum_rows)(false, query, rows, count, dimensions, out);
}

TARGET static void NAMED(squared_distances)(const float *query, const float *rows, uint32_t count,
                                            uint32_t dimensions, float *out) {
  NAMED(sum_rows)(true, query, rows, count, dimensions, out);
}

#undef NAMED
#undef TARGET
#undef WIDTH
