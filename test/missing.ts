// The programs and services that some tests need and this machine lacks. Those tests are skipped.
import { findEngine } from "./images/available.ts";

const has = (...programs: readonly string[]) =>
  programs.some((program) => Bun.which(program) !== null);

/** A python3 of another source than the system does not see the modules of the system's packages. */
const hasWebSocketClient = () =>
  ["python3", "/usr/bin/python3"].some(
    (python) => has(python) && Bun.spawnSync([python, "-c", "import websocket"]).exitCode === 0,
  );

/** The Node.js that Vite and the package of build-plugin need; Debian 12 has version 18. */
export const hasCurrentNode = has("node") && satisfies("node", ">=20.19.0");

function satisfies(program: string, range: string): boolean {
  const { stdout } = Bun.spawnSync([program, "--version"]);
  return Bun.semver.satisfies(stdout.toString().trim().replace(/^v/, ""), range);
}

/** One phrase each, for the summary of a run. Empty if every test can run. */
export async function missingHere(): Promise<readonly string[]> {
  const { REDIS_URL, DATABASE_URL, MYSQL_URL, BUN_CHROME_PATH } = process.env;
  const engine = await findEngine();
  const missing: readonly (readonly [present: boolean, phrase: string])[] = [
    [has("cc", "clang", "gcc", "zig"), "a C compiler (cc, clang, gcc or zig)"],
    [has("zig"), "Zig, to compile C for other systems"],
    [
      BUN_CHROME_PATH !== undefined || has("chromium", "chromium-browser", "google-chrome"),
      "Chromium, to test pages",
    ],
    [has("npm"), "npm"],
    [hasCurrentNode, "Node.js 20.19 or later"],
    [has("curl"), "curl"],
    [has("ps"), "ps (procps)"],
    [hasWebSocketClient(), "Python with websocket-client (python3-websocket)"],
    [Boolean(REDIS_URL), "Redis (set REDIS_URL)"],
    [has("redis-server"), "redis-server, to test a Redis that crashes"],
    [Boolean(DATABASE_URL), "PostgreSQL (set DATABASE_URL)"],
    [Boolean(MYSQL_URL), "MySQL or MariaDB (set MYSQL_URL)"],
    ["open" in engine, "reason" in engine ? `a container engine (${engine.reason})` : ""],
  ];
  return missing.filter(([present]) => !present).map(([, phrase]) => phrase);
}
