// Swaps a directory's files in a separate process, for the tests of interruptions: `swap-entry.ts <directory> <count>`.
import { swapFiles } from "../src/update/journal.ts";
import { ownOf, pathsOf, writesOf } from "./swap-sample.ts";

const [directory = "", count = "0"] = process.argv.slice(2);
const paths = pathsOf(Number(count));
// The parent kills this process at some moment after this line.
console.log("start");
swapFiles(directory, writesOf(paths), {}, ownOf, new AbortController().signal);
console.log("end");
