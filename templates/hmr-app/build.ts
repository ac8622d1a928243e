// Builds dist/: public/ contains the page with hashed and precompressed files, main.js is the server. A server that runs
// keeps working during a build, and after a failed one: files are added first, and the page is replaced last.
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
// #region workarounds
import moduleUrls from "./src/dev/workarounds/module-urls.ts";
// #endregion
import { type BuildRecord, readRecord } from "./src/features/page/build-record.ts";

/** How long files are kept after a later build replaced them, for tabs that were opened before a deployment: a week. */
const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
/** Start of the names of folders in dist/ and dist/public/ that exist only during a build. */
const STAGING = ".staging-";
const RECORD = "public-files.json";
/** In a staging folder: the record for the time until the page is replaced. */
const RECORD_BEFORE = "public-files-before.json";

if (process.env.NODE_ENV !== "production") {
  console.error("Bun has read .env.development, not .env.production: use `bun run build`.");
  process.exit(1);
}

const staging: string[] = [];
try {
  await mkdir("dist/public", { recursive: true });
  const server = await createStagingFolder("dist");
  // In dist/public/, because that may be a mount, and files can only be renamed within a file system.
  const page = await createStagingFolder("dist/public");
  await buildPage(page);
  await buildServer(server);
  const expired = await writeRecords(page, server);
  await publish(page, server);
  await removeOldFiles(expired);
  console.log("Built dist/. Run it with `NODE_ENV=production bun dist/main.js`.");
} catch (error) {
  // Other errors are those of the sources, which Bun prints with their location.
  if (!(error instanceof Error && "syscall" in error)) throw error;
  console.error(`dist/ cannot be written: ${error.message}.`);
  console.error("It must be a folder with enough space that you may write to, or a link to one.");
  process.exitCode = 1;
} finally {
  for (const folder of staging) await rm(folder, { recursive: true, force: true });
}

async function createStagingFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, STAGING));
  staging.push(folder);
  return folder;
}

async function buildPage(outdir: string): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: ["src/page/index.html"],
    outdir,
    publicPath: "/",
    minify: true,
    splitting: true,
    env: "PUBLIC_*",
    define: { "process.env.NODE_ENV": '"production"' },
    naming: { chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    plugins: [
      // #region workarounds
      // Production needs it as well: without it, the build contains no web workers.
      moduleUrls,
      // #endregion
    ],
  });
  for (const { path } of outputs) {
    // The server compresses the page itself, so that it is replaced as one file.
    if (path.endsWith(".html")) continue;
    const bytes = await Bun.file(path).bytes();
    const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    const compressed = {
      gz: gzipSync(bytes, { level: 9 }),
      br: brotliCompressSync(bytes, { params: quality }),
    };
    for (const [suffix, smaller] of Object.entries(compressed)) {
      // Images and fonts are already compressed, so their variants would be larger.
      if (smaller.length < bytes.length) await Bun.write(`${path}.${suffix}`, smaller);
    }
  }
}

async function buildServer(outdir: string): Promise<void> {
  await Bun.build({
    entrypoints: ["src/main.ts"],
    outdir,
    target: "bun",
    sourcemap: "linked",
  });
}

/**
 * Writes the record for the time until the page is replaced, and the one for afterwards. Both list every file of earlier
 * builds and of this one: if this build is killed, a later build can still remove all of them.
 * @returns the files that were replaced more than a week ago.
 */
async function writeRecords(page: string, server: string): Promise<readonly string[]> {
  const now = Date.now();
  const existing = new Set(await readdir("dist/public"));
  const latest = Object.fromEntries((await readdir(page)).map((name) => [name, null]));
  // A full disk or a power failure may have truncated the record. The files of earlier builds then count as those of the user.
  const record = await readRecord("dist/public").catch((): BuildRecord => ({}));
  const earlier = Object.entries(record).filter(
    ([name]) => existing.has(name) && !Object.hasOwn(latest, name),
  );
  const replaced = earlier.map(([name, replacedAt]) => [name, replacedAt ?? now] as const);
  const before: BuildRecord = { ...Object.fromEntries(earlier), ...latest };
  const after: BuildRecord = { ...Object.fromEntries(replaced), ...latest };
  await Bun.write(join(server, RECORD_BEFORE), JSON.stringify(before));
  await Bun.write(join(server, RECORD), JSON.stringify(after));
  return replaced.filter(([, replacedAt]) => replacedAt < now - KEEP_MS).map(([name]) => name);
}

/** Moves the files to dist/, the page last, when every file that it loads exists. Only now, so that a full disk changes nothing. */
async function publish(page: string, server: string): Promise<void> {
  const assets = (await readdir(page)).filter((name) => name !== "index.html");
  await rename(join(server, RECORD_BEFORE), join("dist", RECORD));
  for (const name of assets) await rename(join(page, name), join("dist/public", name));
  for (const name of await readdir(server)) await rename(join(server, name), join("dist", name));
  await rename(join(page, "index.html"), "dist/public/index.html");
}

/** Removes `expired` from dist/public/, and the folders of killed builds. Other files are kept. */
async function removeOldFiles(expired: readonly string[]): Promise<void> {
  for (const name of expired) await rm(join("dist/public", name), { force: true });
  for (const parent of ["dist", "dist/public"]) {
    for (const name of (await readdir(parent)).filter((it) => it.startsWith(STAGING))) {
      const folder = join(parent, name);
      // Another build may have removed it, or still use it.
      const stats = await stat(folder).catch(() => undefined);
      if (stats && stats.mtimeMs < Date.now() - KEEP_MS)
        await rm(folder, { recursive: true, force: true });
    }
  }
}
