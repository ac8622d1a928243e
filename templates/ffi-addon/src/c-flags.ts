// Libraries and flags that the C code needs. They reach every compiler, TinyCC too.

/** Libraries to link, without `lib` and extension: `["z"]` links zlib. */
export const LIBS: readonly string[] = [];

/** More compiler flags, such as `-DNAME=1` or `-I/usr/include/name`. TinyCC ignores most of those that it does not know. */
export const CFLAGS: readonly string[] = [];
