// Declarations of the libc functions that this library uses. TinyCC often runs where no libc headers are installed,
// so the same names are declared here for it.
#ifndef ADDON_LIBC_H
#define ADDON_LIBC_H

#ifdef __TINYC__
typedef _Bool bool;
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
#if defined(_WIN32) || defined(__APPLE__)
typedef long long int64_t;
typedef unsigned long long uint64_t;
#else
typedef long int64_t; // as in glibc and musl
typedef unsigned long uint64_t;
#endif
typedef __SIZE_TYPE__ size_t, uintptr_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t, intptr_t;
#define NULL ((void *)0)
#define true 1
#define false 0
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
