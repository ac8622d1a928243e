// The engine of this process, picked once when the library is first imported.
import { chooseEngine } from "./backends.ts";

export const { engine, skipped } = chooseEngine(process.env.FFI_BACKEND);
