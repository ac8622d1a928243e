// Program: calls `addon_add` of the library at argv[2] through koffi, on Node.js.
import koffi from "koffi";
import { serveCalls } from "./sampling.js";

serveCalls(koffi.load(process.argv[2]).func("int32_t addon_add(int32_t a, int32_t b)"));
