// What this machine lacks of the programs and services that some tests need. Without them those tests are skipped.
import { findEngine } from "./images/available.ts";

const has = (...programs: readonly string[]) =>
  programs.some((program) => Bun.which(program) !== null);

/** One phrase each, for the summary of a run. Empty if every test can run. */
export async function missingHere(): Promise<readonly string[]> {
  const { REDIS_URL, DATABASE_URL, BUN_CHROME_PATH } = process.env;
  const engine = await findEngine();
  const missing: readonly (readonly [present: boolean, phrase: string])[] = [
    [has("cc", "clang", "gcc", "zig"), "a C compiler (cc, clang, gcc or zig)"],
    [has("zig"), "Zig, to compile C for other systems"],
    [
      BUN_CHROME_PATH !== undefined || has("chromium", "chromium-browser", "google-chrome"),
      "Chromium, to test pages",
    ],
    [has("npm"), "npm"],
    [has("curl"), "curl"],
    [has("ps"), "ps (procps)"],
    [Boolean(REDIS_URL), "Redis (set REDIS_URL)"],
    [has("redis-server"), "redis-server, to test a Redis that crashes"],
    [Boolean(DATABASE_URL), "PostgreSQL (set DATABASE_URL)"],
    ["open" in engine, "reason" in engine ? `a container engine (${engine.reason})` : ""],
  ];
  return missing.filter(([present]) => !present).map(([, phrase]) => phrase);
}
