// Programs that use the library, bundled or compiled into an executable, then moved to another folder and run there.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// #region prebuilt
import { writeManifest } from "../scripts/compile.ts";
// #endregion
import { buildJavaScript } from "../scripts/javascript.ts";
import { packageName, root } from "../src/artifacts.ts";
import { installPackage, runCleanly, runProgram } from "./project.ts";
import { compiler, tinycc } from "./toolchain.ts";

const PROGRAM = `
import { VectorIndex, backend } from "${packageName}";
async function main() {
  using index = new VectorIndex({ dimensions: 2, metric: "dot" });
  index.add(Float32Array.of(1, 2, 3, 4));
  const query = Float32Array.of(1, 1);
  const results = [index.search(query, 2)];
  // #region worker
  results.push(await index.searchInWorker(query, 2));
  // #endregion
  console.log(JSON.stringify({ backend, results }));
}
main();
`;
const HITS = [
  { id: 1, score: 7 },
  { id: 0, score: 3 },
];
/** The output of the program. */
const found = (backend: string) => {
  const results = [HITS];
  // #region worker
  results.push(HITS);
  // #endregion
  return { backend, results };
};

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ffi-addon-bundle-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const source = join(folder, "source");
let installed = "";
let builds = 0;

const executable = process.platform === "win32" ? "program.exe" : "program";
const kinds = [
  { kind: "a bundle", options: ["--outdir"], output: "out", start: ["out/program.js"] },
  {
    kind: "a minified bundle",
    options: ["--minify", "--splitting", "--sourcemap=linked", "--outdir"],
    output: "out",
    start: ["out/program.js"],
  },
  {
    kind: "a bundle whose assets have a public URL",
    options: ["--public-path=/static/", "--outdir"],
    output: "out",
    start: ["out/program.js"],
  },
  {
    kind: "a CommonJS bundle whose assets have a folder",
    options: ["--format=cjs", "--asset-naming=assets/[name]-[hash].[ext]", "--outdir"],
    output: "out",
    start: ["out/program.js"],
  },
  {
    kind: "a CommonJS bundle whose assets have a public URL",
    options: ["--format=cjs", "--public-path=https://example.com/static/", "--outdir"],
    output: "out",
    start: ["out/program.js"],
  },
  { kind: "an executable", options: ["--compile", "--outfile"], output: executable },
  {
    kind: "a minified executable of bytecode",
    options: ["--compile", "--minify", "--bytecode", "--format=esm", "--outfile"],
    output: executable,
  },
];

/** Bundles the program, moves the output to a new folder, and returns a function that runs it without the package. */
async function build({ options, output, start }: (typeof kinds)[number]) {
  const result = await runProgram(
    [process.execPath, "build", "program.ts", "--target=bun", ...options, output],
    {},
    source,
  );
  expect(result.exitCode, result.stderr).toBe(0);
  builds += 1;
  const moved = join(folder, `moved ${builds}`);
  mkdirSync(moved);
  renameSync(join(source, output), join(moved, output));
  const command = start ? [process.execPath, ...start] : [join(moved, output)];
  return async (env: Record<string, string> = {}) => {
    renameSync(installed, `${installed}.away`);
    try {
      return await runProgram(command, env, moved);
    } finally {
      renameSync(`${installed}.away`, installed);
    }
  };
}

test.each([
  ["a bundle", ["--outdir", "out"], [process.execPath, "out/program.js"]],
  ["an executable", ["--compile", "--outfile", executable], [join(folder, "own", executable)]],
])("%s of src/ says that the package has to be imported by its name", async (_, options, start) => {
  const own = join(folder, "own");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "program.ts"), `import ${JSON.stringify(join(root, "src/index.ts"))};`);
  const bundle = [process.execPath, "build", "program.ts", "--target=bun", ...options];
  expect((await runProgram(bundle, {}, own)).exitCode).toBe(0);
  const { exitCode, stderr } = await runProgram(start, {}, own);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("import the package by its name");
});

test.skipIf(process.getuid?.() !== 0 || !Bun.which("setpriv"))(
  "as root: a user without HOME and an entry in passwd gets a copy of an embedded file",
  async () => {
    const TMPDIR = join(folder, "copies");
    mkdirSync(TMPDIR);
    chmodSync(TMPDIR, 0o777);
    chmodSync(folder, 0o755);
    // A copy, because the other user may not be able to read the folder of the project.
    const copy = join(folder, "embedded.ts");
    copyFileSync(join(root, "src/embedded.ts"), copy);
    const code = `(await import(${JSON.stringify(copy)})).onDisk("/$bunfs/a.so", Buffer.from("a"))`;
    const user = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"];
    const command = [...user, process.execPath, "-e", code];
    const { exitCode, stderr } = await runProgram(command, { TMPDIR, HOME: undefined }, folder);
    expect(exitCode, stderr).toBe(0);
    expect(readdirSync(TMPDIR)).toEqual(["bun-ffi-54321"]);
  },
);

test("the build keeps a link to the folder of the JavaScript", async () => {
  const target = join(folder, "target");
  mkdirSync(target);
  symlinkSync(target, join(folder, "link"), "junction");
  await buildJavaScript(join(folder, "link"));
  expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  expect(readdirSync(target)).toContain("index.js");
});

describe.skipIf(!compiler)("with a C compiler", () => {
  beforeAll(async () => {
    mkdirSync(source);
    installed = await installPackage(source);
    writeFileSync(join(source, "program.ts"), PROGRAM);
  });

  test("the package works as it is installed", async () => {
    expect(JSON.parse(await runCleanly([join(source, "program.ts")]))).toEqual(found("compiled"));
  });

  test.each(kinds)("$kind keeps all that it needs", async (kind) => {
    const start = await build(kind);
    const { stdout, stderr } = await start();
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(found("compiled"));
    for (const backend of [tinycc ? "tinycc" : [], "typescript"].flat()) {
      expect(JSON.parse((await start({ FFI_BACKEND: backend })).stdout)).toEqual(found(backend));
    }
  });

  test.each(kinds)("$kind says on stderr why it runs a slower backend", async (kind) => {
    const native = join(installed, "dist/native");
    renameSync(native, join(installed, "native.away"));
    // #region prebuilt
    // As published: the hash of a library in a package that is not installed here.
    const platforms = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl"];
    const others = ["darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"];
    const prebuilt = join(installed, "dist/prebuilt");
    mkdirSync(prebuilt);
    writeManifest(
      prebuilt,
      Object.fromEntries(
        [...platforms, ...others].map((platform) => [
          platform,
          { package: `${packageName}-${platform}`, file: "addon.so", sha256: "0" },
        ]),
      ),
    );
    // #endregion
    try {
      const { stdout, stderr } = await (await build(kind))();
      expect(JSON.parse(stdout)).toEqual(found(tinycc ? "tinycc" : "typescript"));
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).toStartWith(`${packageName}: running the slower backend`);
      // #region prebuilt
      expect(stderr).toContain("is not installed, or was not when this program was bundled");
      // #endregion
      expect(stderr).toContain("there is no library that was compiled on this machine");
    } finally {
      // #region prebuilt
      rmSync(prebuilt, { recursive: true });
      // #endregion
      renameSync(join(installed, "native.away"), native);
    }
  });

  let built: ReturnType<typeof build> | undefined;
  /** Both tests start the same executable. */
  const buildExecutable = () => {
    built ??= build({ kind: "", options: ["--compile", "--outfile"], output: executable });
    return built;
  };

  test.skipIf(process.platform === "win32")(
    "an executable runs on TypeScript if it cannot copy its library to the temporary directory",
    async () => {
      const start = await buildExecutable();
      const TMPDIR = join(folder, "a file");
      writeFileSync(TMPDIR, "");
      const { stdout, stderr } = await start({ TMPDIR });
      expect(JSON.parse(stdout)).toEqual(found("typescript"));
      expect(stderr).toStartWith(`${packageName}: running the slower backend typescript.`);
      expect(stderr).toContain("ENOTDIR");
    },
  );

  test.skipIf(process.platform === "win32")(
    "an executable trusts no library that another user could have planted",
    async () => {
      const start = await buildExecutable();
      const TMPDIR = join(folder, "tmp");
      mkdirSync(TMPDIR);
      const env = { TMPDIR };
      expect(JSON.parse((await start(env)).stdout)).toEqual(found("compiled"));
      const [copies = ""] = readdirSync(TMPDIR).filter((name) => name.startsWith("bun-ffi-"));
      const privateFolder = join(TMPDIR, copies);
      expect(statSync(privateFolder).mode & 0o777).toBe(0o700);
      const [library = ""] = readdirSync(privateFolder);
      // A damaged copy is replaced.
      writeFileSync(join(privateFolder, library), "not a library");
      expect(JSON.parse((await start(env)).stdout)).toEqual(found("compiled"));
      expect(statSync(join(privateFolder, library)).size).toBeGreaterThan(1000);
      expect(readdirSync(privateFolder)).toEqual([library]);
      // A folder in which others can write is not used. Later starts use the same other folder.
      chmodSync(privateFolder, 0o777);
      writeFileSync(join(privateFolder, library), "planted");
      for (let starts = 0; starts < 2; starts++) {
        expect(JSON.parse((await start(env)).stdout)).toEqual(found("compiled"));
        expect(readdirSync(TMPDIR)).toHaveLength(2);
      }
      expect(statSync(join(privateFolder, library)).size).toBe("planted".length);
      // Nor are a file and a link, which another user can put there, too.
      for (const plant of [
        (path: string) => writeFileSync(path, ""),
        (path: string) => symlinkSync(join(folder, "nowhere"), path),
      ]) {
        rmSync(privateFolder, { recursive: true });
        plant(privateFolder);
        expect(JSON.parse((await start(env)).stdout)).toEqual(found("compiled"));
        expect(readdirSync(TMPDIR)).toHaveLength(2);
      }
    },
  );
});
