// native/addon.h and the TypeScript that repeats it say the same.
import { cc, type FFIFunction } from "bun:ffi";
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../src/artifacts.ts";
import { metricNames } from "../src/engine.ts";
import { declarations, hitLayout, maxDimensions, maxSize, status } from "../src/symbols.ts";
import { type CFunction, ffiTypesFor, parseHeader, SCALARS } from "./c-header.ts";
import { tinycc } from "./toolchain.ts";

const text = readFileSync(join(root, "native/addon.h"), "utf8");
const header = text.replaceAll(/\/\/.*/g, "");

/** The differences between C functions and what TypeScript declares for them. */
function findMismatches(
  functions: readonly CFunction[],
  declared: Readonly<Record<string, FFIFunction>>,
): string[] {
  const mismatches = functions.flatMap(({ name, returns, args }) => {
    const found = declared[name];
    if (!found) return [`${name} is not declared`];
    const count = found.args?.length ?? 0;
    if (count !== args.length) return [`${name} has ${args.length} parameters, not ${count}`];
    return [...args, returns].flatMap((type, index) => {
      const isResult = index === args.length;
      const actual = String(isResult ? (found.returns ?? "void") : found.args?.[index]);
      const fitting = ffiTypesFor(type, isResult ? "result" : "argument");
      if (fitting.includes(actual)) return [];
      const what = isResult ? "result" : `parameter ${index + 1}`;
      return [`${name}: the ${what} is ${type}, which is ${fitting.join(" or ")}, not ${actual}`];
    });
  });
  const names = functions.map(({ name }) => name);
  const missing = Object.keys(declared).filter((name) => !names.includes(name));
  return [...mismatches, ...missing.map((name) => `${name} is not in the header`)];
}

test("every exported function is declared with its types", () => {
  const functions = parseHeader(text, "ADDON_EXPORT");
  expect(functions.length).toBeGreaterThan(0);
  expect(findMismatches(functions, declarations)).toEqual([]);
});

test("any scalar type of C may be in a header", () => {
  const functions = parseHeader(
    `#define EXPORT_IT EXPORT \\
       int ignored(void);
     /* EXPORT int gone(int a); */
     EXPORT size_t f1(const uint8_t *bytes, size_t length); // EXPORT int gone(void);
     EXPORT float f2(float, double x, bool yes, char letter);
     EXPORT int64_t f3(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t);
     EXPORT const char*f4(unsigned int a, unsigned char b, signed char c,
                          long long d, const int e);
     EXPORT void f5();
     EXPORT struct thing *f6(int32_t (*callback)(int32_t a, int32_t b), float values[], enum mode mode, void* p);
     EXPORT unsigned f7(unsigned flags, unsigned, unsigned short int a, short int, long long int b, signed c, _Bool d);
     EXPORT char const *f8(const enum mode, char const *text, uint8_t *restrict bytes, const unsigned volatile n);`,
    "EXPORT",
  );
  const declared = {
    f1: { args: ["ptr", "usize"], returns: "u64" },
    f2: { args: ["f32", "f64", "bool", "char"], returns: "f32" },
    f3: { args: ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"], returns: "i64" },
    f4: { args: ["u32", "u8", "i8", "i64", "i32"], returns: "cstring" },
    f5: {},
    f6: { args: ["function", "ptr", "i32", "ptr"], returns: "ptr" },
    f7: { args: ["u32", "u32", "u16", "i16", "i64", "i32", "bool"], returns: "u32" },
    f8: { args: ["i32", "ptr", "ptr", "u32"], returns: "cstring" },
  } as const;
  expect(findMismatches(functions, declared)).toEqual([]);
  const wrong = {
    ...declared,
    f1: { args: ["ptr", "u32"], returns: "f64" },
    f5: { args: ["i32"] },
  };
  expect(findMismatches(functions, { ...wrong, f9: {} } as never)).toEqual([
    "f1: the parameter 2 is size_t, which is usize or u64 or u64_fast or uint64_t, not u32",
    "f1: the result is size_t, which is usize or u64 or u64_fast or uint64_t, not f64",
    "f5 has 0 parameters, not 1",
    "f9 is not in the header",
  ]);
  expect(() => ffiTypesFor("struct thing", "argument")).toThrow("pass it by pointer");
});

test.skipIf(!tinycc)("with TinyCC: native/libc.h has every scalar type of a header", () => {
  const folder = mkdtempSync(join(tmpdir(), "ffi-addon-border-"));
  const source = join(folder, "types.c");
  const types = Object.keys(SCALARS).filter((type) => type !== "void");
  const uses = types.map((type, index) => `${type} use${index}(${type} x) { return x; }\n`);
  writeFileSync(source, readFileSync(join(root, "native/libc.h"), "utf8") + uses.join(""));
  try {
    const { symbols } = cc({ source, symbols: { use0: {} }, flags: "-nostdinc" });
    expect(symbols.use0).toBeFunction();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the layout of the struct is the one that C checks", () => {
  const { size, score, id } = hitLayout;
  expect(header).toContain(
    `sizeof(vindex_hit) == ${size} && offsetof(vindex_hit, score) == ${score} && offsetof(vindex_hit, id) == ${id}`,
  );
});

test("statuses, metrics and limits are the same numbers", () => {
  const constants = Object.fromEntries(
    Array.from(header.matchAll(/\b((?:ADDON|VINDEX)_\w+) (?:= )?(\d+)/g), ([, name, value]) => [
      name,
      Number(value),
    ]),
  );
  expect(constants).toEqual({
    ADDON_OK: status.ok,
    ADDON_INVALID: status.invalid,
    ADDON_OUT_OF_MEMORY: status.outOfMemory,
    ADDON_NOT_FINITE: status.notFinite,
    ADDON_STOPPED: status.stopped,
    ADDON_CANCELLED: status.cancelled,
    ...Object.fromEntries(
      metricNames.map((name, position) => [`VINDEX_${name.toUpperCase()}`, position]),
    ),
    VINDEX_MAX_DIMENSIONS: maxDimensions,
  });
  expect(header).toContain("VINDEX_MAX_SIZE ((uint32_t)INT32_MAX)");
  expect(maxSize).toBe(2 ** 31 - 1);
});
