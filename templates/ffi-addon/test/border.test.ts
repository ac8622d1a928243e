// native/addon.h and the TypeScript that repeats it say the same.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { metrics } from "../src/engine.ts";
import { root, sources } from "../src/library.ts";
import { abi, declarations, maxDimensions, maxSize, status } from "../src/symbols.ts";

const header = readFileSync(join(root, "native/addon.h"), "utf8").replaceAll(/\/\/.*/g, "");

/** How a C type crosses, as the README's table has it. */
function ffiType(declared: string): string {
  const type = declared.replace(/\b(\w+)$/, (name) =>
    /_t$|^(void|double)$/.test(name) ? name : "",
  );
  if (type.includes("*")) return "ptr";
  return { int32_t: "i32", uint32_t: "u32", double: "f64", void: "void" }[type.trim()] ?? type;
}

test("every exported function is declared with its types", () => {
  const exported = header.matchAll(/^ADDON_EXPORT ([\w ]+?[ *]+)(\w+)\(([^)]*)\);/gm);
  const found = Array.from(exported, ([, returns = "", name = "", parameters = ""]) => {
    const args = parameters === "void" ? [] : parameters.split(",").map((part) => ffiType(part));
    const isString = returns.trim() === "const char *";
    return [name, { args, returns: isString ? "cstring" : ffiType(returns) }] as const;
  });
  expect<unknown>(Object.fromEntries(found)).toEqual(declarations);
});

test("statuses, metrics and limits are the same numbers", () => {
  const constants = Object.fromEntries(
    Array.from(header.matchAll(/\b((?:ADDON|VINDEX)_\w+) (?:= )?(\d+)/g), ([, name, value]) => [
      name,
      Number(value),
    ]),
  );
  expect(constants).toEqual({
    ADDON_ABI: abi,
    ADDON_OK: status.ok,
    ADDON_INVALID: status.invalid,
    ADDON_OUT_OF_MEMORY: status.outOfMemory,
    ADDON_NOT_FINITE: status.notFinite,
    ADDON_STOPPED: status.stopped,
    ADDON_CANCELLED: status.cancelled,
    VINDEX_DOT: metrics.indexOf("dot"),
    VINDEX_COSINE: metrics.indexOf("cosine"),
    VINDEX_MAX_DIMENSIONS: maxDimensions,
  });
  expect(header).toContain("VINDEX_MAX_SIZE ((uint32_t)INT32_MAX)");
  expect(maxSize).toBe(2 ** 31 - 1);
});

test("the hash of the sources covers every file of the library", () => {
  const ofTests = ["planted.c", "test.c"];
  const files = readdirSync(join(root, "native")).filter((name) => !ofTests.includes(name));
  expect(files.toSorted()).toEqual([...sources]);
});
