// What the C code needs from the system. These reach every compiler, TinyCC too.

/** Libraries to link, without `lib` and extension: `["z"]` links zlib. */
export const LIBS: readonly string[] = [];

/** More compiler flags, such as `-DNAME=1` or `-I/usr/include/name`. TinyCC ignores what it does not know. */
export const CFLAGS: readonly string[] = [];
