// Prints which backend the library at argv[2] runs on.
const { add, backend, skipped }: typeof import("../../src/index.ts") = await import(
  process.argv[2] ?? ""
);
console.log(JSON.stringify({ backend, skipped, sum: add(2, 3) }));
