// The interface between C and TypeScript: every type, status and function that both use.
// After a change here, change src/symbols.ts, too; test/border.test.ts compares them.
#ifndef ADDON_H
#define ADDON_H

#include "libc.h"

#if defined(_WIN32)
#define ADDON_EXPORT __declspec(dllexport)
#elif defined(__TINYC__)
#define ADDON_EXPORT
#else
#define ADDON_EXPORT __attribute__((visibility("default")))
#endif

enum addon_status {
  ADDON_OK = 0,
  ADDON_INVALID = 1,       // an argument that TypeScript should have refused
  ADDON_OUT_OF_MEMORY = 2,
  ADDON_NOT_FINITE = 3,    // the vectors or the query hold NaN or an infinity; nothing was stored
  ADDON_STOPPED = 4,       // the accept callback returned a negative number
  ADDON_CANCELLED = 5,     // the cancel flag was set
};

// The smallest examples: numbers in and out, and a string that C owns (static: never freed).
ADDON_EXPORT int32_t addon_add(int32_t a, int32_t b); // wraps around; the caller checks for overflow
ADDON_EXPORT double addon_sqrt(double x);
ADDON_EXPORT const char *addon_simd(void); // the instruction set that searches use on this machine

// A struct that crosses by pointer: C writes an array of these into memory that TypeScript owns.
typedef struct {
  double score;
  uint32_t id;
} vindex_hit;
_Static_assert(sizeof(vindex_hit) == 16 && offsetof(vindex_hit, score) == 0 && offsetof(vindex_hit, id) == 8,
               "TypeScript reads this layout: hitLayout in src/symbols.ts");

// An exact nearest-vector index: opaque, owned by its creator, freed once.
// Calls on one index must not overlap, except that any number of vindex_search and vindex_vectors may run at a time.
typedef struct vindex vindex;

enum vindex_metric { VINDEX_DOT = 0, VINDEX_COSINE = 1, VINDEX_EUCLIDEAN = 2, VINDEX_METRICS };
#define VINDEX_MAX_DIMENSIONS 65536u
#define VINDEX_MAX_SIZE ((uint32_t)INT32_MAX)

ADDON_EXPORT vindex *vindex_create(uint32_t dimensions, uint32_t metric); // NULL: no memory, or invalid
ADDON_EXPORT void vindex_free(vindex *index);                             // NULL is fine

// Returns room for `count` more vectors after the last one, or NULL if there is no memory. The caller fills it, then
// commits. The pointer, like that of vindex_vectors, is valid until the next reserve, append or free.
ADDON_EXPORT float *vindex_reserve(vindex *index, uint32_t count);
ADDON_EXPORT int32_t vindex_commit(vindex *index, uint32_t count); // a status
ADDON_EXPORT int32_t vindex_append(vindex *index, const float *vectors, uint32_t count); // a status; copies
ADDON_EXPORT const float *vindex_vectors(const vindex *index);

// 1 keeps the vector, 0 leaves it out, a negative number stops the search. Called on the searching thread.
typedef int32_t vindex_accept(uint32_t id);

// The best `k`: the highest scores, or the shortest distances if the metric is Euclidean; equal ones by rising id.
// `hits` has room for `k`; all of it is overwritten. `accept` and `cancel` may be NULL. The search ends soon after another thread sets *cancel to
// another value than 0.
// Returns how many were found, or a status as a negative number. Allocates nothing.
ADDON_EXPORT int32_t vindex_search(const vindex *index, const float *query, uint32_t k,
                                   vindex_hit *hits, vindex_accept *accept, const int32_t *cancel);

// #region worker
// The address of vindex_search. With it another thread calls the function of the library that this thread has loaded.
typedef int32_t vindex_searcher(const vindex *, const float *, uint32_t, vindex_hit *, vindex_accept *,
                                const int32_t *);
ADDON_EXPORT vindex_searcher *vindex_search_address(void);
// #endregion

#endif
