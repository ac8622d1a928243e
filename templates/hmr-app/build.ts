// Builds dist/: public/ contains the page with hashed and precompressed files, main.js is the server. A server that runs
// keeps working during a build, and after a failed one: files are added first, and the page is replaced last.
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
// #region workarounds
import moduleUrls from "./src/dev/workarounds/module-urls.ts";

// #endregion

/** Days to keep the files of a build after the next one, for tabs that were opened before a deployment. */
const KEEP_DAYS = 7;
/** Names in dist/ that only a killed build leaves: its staging folder, and copies from `publish`. */
const LEFT = /^(\.staging-\w+|(main\.js(\.map)?|public\.json)\.\d+)$/;
/** Names in dist/public/ that only a build makes: hashed files, their compressed variants, and copies from `publish`. */
const BUILT = /^(.+-[0-9a-z]{8}\.\w+(\.br|\.gz)?(\.\d+)?|index\.html\.\d+)$/;

if (process.env.NODE_ENV !== "production") {
  console.error("Bun has read .env.development, not .env.production: use `bun run build`.");
  process.exit(1);
}

let staging = "";
try {
  await mkdir("dist/public", { recursive: true });
  staging = await mkdtemp("dist/.staging-");
  await buildPage();
  // dist/public/ also contains files of earlier builds, so the next build needs the names of these.
  await Bun.write(join(staging, "public.json"), JSON.stringify(await readdir(`${staging}/public`)));
  await buildServer();
  await touchReplacedFiles();
  await publish();
  await removeOldFiles();
  console.log("Built dist/. Run it with `NODE_ENV=production bun dist/main.js`.");
} catch (error) {
  // Other errors are those of the sources, which Bun prints with their location.
  if (!(error instanceof Error && "syscall" in error)) throw error;
  console.error(`dist/ cannot be written: ${error.message}.`);
  console.error("It must be a folder with enough space that you may write to, or a link to one.");
  process.exitCode = 1;
} finally {
  if (staging) await rm(staging, { recursive: true, force: true });
}

async function buildPage(): Promise<void> {
  const { outputs } = await Bun.build({
    entrypoints: ["src/page/index.html"],
    outdir: join(staging, "public"),
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

async function buildServer(): Promise<void> {
  await Bun.build({
    entrypoints: ["src/main.ts"],
    outdir: staging,
    target: "bun",
    sourcemap: "linked",
  });
}

/** A file is kept for a number of days after it was replaced, however old it is by then. */
async function touchReplacedFiles(): Promise<void> {
  const now = new Date();
  const latest: readonly string[] = await Bun.file("dist/public.json")
    .json()
    .catch(() => readdir("dist/public"));
  for (const name of latest) {
    // Somebody may have removed it.
    await utimes(join("dist/public", name), now, now).catch(() => undefined);
  }
}

/**
 * Puts the files into dist/, the page last, when every file that it loads exists. All files are copied before the first one is
 * replaced, so that a full disk changes nothing. dist/public/ may be a mount, and files can only be renamed within a file system.
 */
async function publish(): Promise<void> {
  const files = await Array.fromAsync(new Bun.Glob("**/*").scan({ cwd: staging, dot: true }));
  const isPage = (file: string) => file.endsWith("index.html");
  const inOrder = files.toSorted((a, b) => Number(isPage(a)) - Number(isPage(b)));
  const copyOf = (file: string) => join("dist", `${file}.${process.pid}`);
  try {
    for (const file of inOrder) await copyFile(join(staging, file), copyOf(file));
    for (const file of inOrder) await rename(copyOf(file), join("dist", file));
  } finally {
    for (const file of inOrder) await rm(copyOf(file), { force: true });
  }
}

/** Removes old files of earlier builds, and what killed builds have left. Other files in dist/ are kept. */
async function removeOldFiles(): Promise<void> {
  const oldest = Date.now() - KEEP_DAYS * 24 * 60 * 60 * 1000;
  const left = (await readdir("dist")).filter((name) => LEFT.test(name));
  const built = (await readdir("dist/public")).filter((name) => BUILT.test(name));
  for (const name of [...left, ...built.map((name) => `public/${name}`)]) {
    const path = join("dist", name);
    // The files of the new build were just written, so they are not old.
    const stats = await stat(path).catch(() => undefined);
    // Another build may have removed it.
    if (stats && stats.mtimeMs < oldest) await rm(path, { recursive: true, force: true });
  }
}
