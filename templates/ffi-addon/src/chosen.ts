// The engine of this process, chosen once when the library is first imported.
import { hasBuild, packageName } from "./artifacts.ts";
import { chooseEngine } from "./backends.ts";

export const { engine, skipped } = chooseEngine(process.env.FFI_BACKEND);

// A silent fallback would look like a slow program. Only in the project itself, before its first build, TinyCC is expected.
const isFallback = engine.backend === "typescript" || (engine.backend === "tinycc" && hasBuild());
if (isFallback && skipped.length > 0) {
  const reasons = skipped.map(({ backend, reason }) => `${backend}: ${reason}`).join("; ");
  console.warn(`${packageName}: running the slower backend ${engine.backend}. ${reasons}`);
}
