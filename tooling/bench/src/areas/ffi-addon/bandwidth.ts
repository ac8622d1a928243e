// Program: how often a second the library at argv[2] reads all the numbers of an index of argv[3] vectors.
import { dlopen } from "bun:ffi";
import { numbers, rate, serveSamples } from "../../../peers/ffi-addon/sampling.js";

const [, , library = "", size, dimensions] = process.argv;
const { symbols } = dlopen(library, { read_all: { args: ["ptr", "u64"], returns: "u64" } });
serveSamples(() => {
  const vectors = numbers(Number(size) * Number(dimensions));
  return (seconds) => rate(() => symbols.read_all(vectors, vectors.byteLength), seconds);
});
