// Two deliberate bugs: the tests call them to prove that the sanitizers work inside Bun.
#include "addon.h"

ADDON_EXPORT int32_t planted_use_after_free(void);
ADDON_EXPORT int32_t planted_overflow(int32_t a);

int32_t planted_use_after_free(void) {
  int32_t *volatile numbers = calloc(4, sizeof *numbers);
  free(numbers);
  return numbers[0];
}

int32_t planted_overflow(int32_t a) { return a + INT32_MAX; }
