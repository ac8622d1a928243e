// The engine of this process, chosen once when the package is first imported.
import { hasBuild, packageName } from "./artifacts.ts";
import { chooseEngine } from "./backends.ts";

export const { engine: defaultEngine, skipped } = chooseEngine(process.env.FFI_BACKEND);

// A silent fallback would look like a slow program. Only in the project itself, before its first build, TinyCC is expected.
const { backend } = defaultEngine;
const isFallback = backend === "typescript" || (backend === "tinycc" && hasBuild());
if (isFallback && skipped.length > 0) {
  const reasons = skipped.map((other) => `${other.backend}: ${other.reason}`).join("; ");
  console.warn(`${packageName}: running the slower backend ${backend}. ${reasons}`);
}
