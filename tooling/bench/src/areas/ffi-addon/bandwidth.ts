// Program: how often per second the library at argv[2] reads the bytes of argv[3] vectors of argv[4] numbers.
import { dlopen } from "bun:ffi";
import { rate, serveSamples } from "../../../peers/ffi-addon/sampling.js";

const [, , library = "", size, dimensions] = process.argv;
const bytes = Number(size) * Number(dimensions) * Float32Array.BYTES_PER_ELEMENT;
const { symbols } = dlopen(library, {
  open_memory: { args: ["u64"], returns: "ptr" },
  read_all: { args: ["ptr", "u64"], returns: "u64" },
});
serveSamples(() => {
  const memory = symbols.open_memory(bytes);
  if (memory === null) throw new Error("There is no memory to read.");
  return (seconds) => rate(() => symbols.read_all(memory, bytes), seconds);
});
