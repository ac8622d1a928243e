// The library as one translation unit: what `bun run build` compiles and what TinyCC is given.
#include "basics.c"
#include "kernels.c"
#include "search.c"
#include "vindex.c"
