// Loads the library with the planted bugs, argv[2], and runs into the one that argv[3] names.
import { dlopen } from "bun:ffi";

const [, , library = "", bug] = process.argv;
const { symbols } = dlopen(library, {
  planted_use_after_free: { args: [], returns: "i32" },
  planted_overflow: { args: ["i32"], returns: "i32" },
});
if (bug === "overflow") symbols.planted_overflow(1);
else symbols.planted_use_after_free();
