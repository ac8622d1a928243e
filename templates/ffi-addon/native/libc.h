// The little this library takes from libc. TinyCC often runs where no libc headers are installed,
// so for it the same names are declared by hand.
#ifndef ADDON_LIBC_H
#define ADDON_LIBC_H

#ifdef __TINYC__
typedef unsigned char bool;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef __SIZE_TYPE__ size_t;
#define NULL ((void *)0)
#define INT32_MAX 2147483647
#define SIZE_MAX ((size_t)-1)
#define FLT_EPSILON 1.19209290e-7f
#define FLT_MIN 1.17549435e-38f
#define offsetof(type, field) ((size_t)&((type *)0)->field)
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);
void *memcpy(void *to, const void *from, size_t size);
double sqrt(double x);
#define load_relaxed(pointer) (*(const volatile int32_t *)(pointer))
#else
#define _DEFAULT_SOURCE // for madvise, which is not part of C
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#define load_relaxed(pointer) __atomic_load_n((pointer), __ATOMIC_RELAXED)
#endif

#endif
