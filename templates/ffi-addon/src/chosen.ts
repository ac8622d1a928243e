// The engine of this process, chosen once when the library is first imported.
import { isBuilt, packageName } from "./artifacts.ts";
import { chooseEngine } from "./backends.ts";

export const { engine, skipped } = chooseEngine(process.env.FFI_BACKEND);

// A silent fallback would look like a slow program. In the project itself, TinyCC is what runs before the first build.
const isFallback = engine.backend === "typescript" || (isBuilt && engine.backend === "tinycc");
if (isFallback && skipped.length > 0) {
  const reasons = skipped.map(({ backend, reason }) => `${backend}: ${reason}`).join("; ");
  console.warn(`${packageName}: running the slower backend ${engine.backend}. ${reasons}`);
}
