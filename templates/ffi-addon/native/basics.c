// The smallest examples of a C function called from TypeScript.
#include "vindex.h"

// Unsigned arithmetic wraps around by definition; signed overflow would be undefined behavior.
int32_t addon_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

double addon_sqrt(double x) { return sqrt(x); }

const char *addon_simd(void) { return choose_instruction_set().name; }
