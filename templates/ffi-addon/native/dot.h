// The fast kernel, written once: kernels.c includes this for each instruction set, with these defined.
//   KERNEL  the function's name    TARGET  its attributes    WIDTH  floats in one of its vector registers

TARGET static void KERNEL(const float *query, const float *rows, uint32_t count, uint32_t dimensions,
                          float *out) {
  typedef float vector __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
  const size_t n = dimensions;
  for (uint32_t row = 0; row < count; row++) {
    const float *a = query, *b = rows + row * n;
    // Four sums side by side hide the latency of an addition.
    vector sums[4] = {{0}};
    size_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH)
      for (size_t s = 0; s < 4; s++)
        sums[s] += *(const vector *)(a + i + s * WIDTH) * *(const vector *)(b + i + s * WIDTH);
    for (; i + WIDTH <= n; i += WIDTH) sums[0] += *(const vector *)(a + i) * *(const vector *)(b + i);
    const vector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float dot = 0;
    for (size_t lane = 0; lane < WIDTH; lane++) dot += sum[lane];
    for (; i < n; i++) dot += a[i] * b[i];
    out[row] = dot;
  }
}

#undef KERNEL
#undef TARGET
#undef WIDTH
