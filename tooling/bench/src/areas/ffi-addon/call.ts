// Program: nanoseconds of a call of `add`: argv is the way to call it, and the library or source.
import { cc, dlopen } from "bun:ffi";
import { serveCalls } from "../../../peers/ffi-addon/sampling.js";

const [, , how, file = ""] = process.argv;
const symbols = { addon_add: { args: ["i32", "i32"], returns: "i32" } } as const;

if (how === "dlopen") serveCalls(dlopen(file, symbols).symbols.addon_add);
else if (how === "cc") serveCalls(cc({ source: file, symbols }).symbols.addon_add);
else {
  // The library as it is published, which `bun run build` makes.
  const { add }: { add(a: number, b: number): number } = await import(file);
  serveCalls(add);
}
