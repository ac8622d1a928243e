// Runs the example of README.md in a copy of the project, follows the recipes there, and calls the results on every backend.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../src/artifacts.ts";
import { parseHeader } from "./c-header.ts";
import { createProject, type Project, run, runCleanly, runProgram } from "./project.ts";
import { cBackends, ccVariable, compiler } from "./toolchain.ts";

/** In each file, the text in front of which code is added. */
const ANCHORS: Readonly<Record<string, string>> = {
  "native/addon.h": "\n#endif\n",
  "native/search.c: in compute_score": "  const double dot = compute_dot(query, row, n);",
  "src/symbols.ts": "} as const satisfies",
  "src/engine.ts": "  create(dimensions",
  "src/native.ts": "    create: (dimensions",
  "src/typescript.ts": "  create: (dimensions",
  "src/typescript.ts: in #score": "    const product = sumProducts(query",
};

/** A line that starts like this replaces the one in the file. */
const REPLACEMENT = /^(enum vindex_metric|static bool is_distance|(?:export )?const \w+)/;

const readme = readFileSync(join(root, "README.md"), "utf8");

interface Step {
  /** With the function if the code belongs into one. */
  readonly place: string;
  /** Whether the file had other content before. */
  readonly replaces: boolean;
  readonly code: string;
}

function readRecipe(title: string): Step[] {
  const [, after = ""] = readme.split(`## Recipe: ${title}\n`);
  const [recipe = ""] = after.split(/^## /m);
  const blocks = recipe.matchAll(/^ *```\w+\n *\/\/ ([^\n(]+)([^\n]*)\n(.*?)^ *```$/gms);
  return Array.from(blocks, ([, place = "", note, code = ""]) => ({
    place: place.trim(),
    replaces: note === "(the whole file)",
    code: code.replaceAll(/^ {3}/gm, ""),
  }));
}

function follow(project: string, steps: readonly Step[]): void {
  for (const { place, code, replaces } of steps) {
    const path = join(project, place.split(":")[0] ?? "");
    const before = existsSync(path) && !replaces ? readFileSync(path, "utf8") : "";
    writeFileSync(path, apply(before, place, code));
  }
}

function apply(before: string, place: string, code: string): string {
  let after = before;
  const added: string[] = [];
  for (const line of code.split("\n")) {
    const [start] = REPLACEMENT.exec(line) ?? [];
    const old = after.split("\n").find((existing) => start && existing.startsWith(start));
    if (old === undefined) added.push(line);
    else after = after.replace(old, () => line);
  }
  if (added.join("") === "") return after;
  if (place === "src/index.ts")
    after = after.replace(", requireFinite }", ", requireFinite, requireView }");
  const anchor = ANCHORS[place];
  const at = anchor === undefined ? after.length : after.lastIndexOf(anchor);
  expect(at, `${place} has no ${anchor}`).toBeGreaterThanOrEqual(0);
  return `${after.slice(0, at)}\n${added.join("\n")}${after.slice(at)}`;
}

/** Builds the project, and returns what the program prints on each backend. */
async function runOnEveryBackend(project: Project, program: string): Promise<[string, string][]> {
  const path = join(project.path, "program.ts");
  writeFileSync(path, program);
  const checked = await runProgram([process.execPath, "x", "tsc"], {}, project.path);
  expect(checked.stdout + checked.stderr).toBe("");
  const built = await run([join(project.path, "build.ts")], { CC: ccVariable });
  expect(built.exitCode, built.stderr).toBe(0);
  const outputs: [string, string][] = [];
  for (const backend of [...cBackends, "typescript"]) {
    outputs.push([backend, (await runCleanly([path], { FFI_BACKEND: backend })).trimEnd()]);
  }
  return outputs;
}

/** Whether the machine has zlib's header and library. */
function hasZlib(): boolean {
  if (!compiler) return false;
  const output = join(tmpdir(), `ffi-addon-zlib-${process.pid}`);
  const source = "#include <zlib.h>\nint main(void) { return crc32_z(0, 0, 0) != 0; }\n";
  const args = ["-x", "c", "-", "-lz", "-o", output];
  const child = Bun.spawnSync([...compiler.command, ...args], { stdin: Buffer.from(source) });
  rmSync(output, { force: true });
  return child.success;
}

test("the example under Use runs", async () => {
  using project = createProject("bare");
  const [, example = ""] = /^## Use\n+```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  writeFileSync(join(project.path, "use.ts"), example);
  const env = { FFI_BACKEND: "typescript" };
  const used = await runProgram([process.execPath, "use.ts"], env, project.path);
  expect(used).toMatchObject({ stdout: `typescript 5 ${Math.SQRT2}\n`, stderr: "", exitCode: 0 });
});

test("the recipes name the files that they change", () => {
  expect(readRecipe("put your own C in").map(({ place }) => place)).toEqual([
    "native/checksum.c",
    "native/addon.c",
    "native/addon.h",
    "src/symbols.ts",
    "src/engine.ts",
    "src/native.ts",
    "src/typescript.ts",
    "src/index.ts",
  ]);
  expect(readRecipe("link a library").map(({ place }) => place)).toEqual([
    "native/checksum.c",
    "src/c-flags.ts",
  ]);
  expect(readRecipe("add a metric").map(({ place }) => place)).toEqual([
    "native/addon.h",
    "src/engine.ts",
    "native/search.c",
    "native/search.c: in compute_score",
    "src/typescript.ts: in #score",
    "src/file.ts",
  ]);
});

for (const [what, recipes, isPossible] of [
  ["a C compiler", ["put your own C in"], compiler !== undefined],
  ["zlib", ["put your own C in", "link a library"], hasZlib()],
] as const) {
  test.skipIf(!isPossible)(
    `with ${what}: the recipe gives a function that works on every backend`,
    async () => {
      using project = createProject("bare");
      for (const recipe of recipes) follow(project.path, readRecipe(recipe));
      const outputs = await runOnEveryBackend(
        project,
        `import { AddonError, backend, crc32 } from "./src/index.ts";
const bytes = new TextEncoder().encode("123456789");
const shadowed = Object.defineProperty(new Uint8Array(3), "length", { value: 1e9 });
const wrong = [new Float32Array(1), [1], "text", new Uint8Array(new SharedArrayBuffer(1)), undefined];
const refused = wrong.filter((value) => {
  try {
    return !crc32(value as never);
  } catch (error) {
    return error instanceof AddonError;
  }
});
const bit31 = Uint8Array.of(78, 133, 236, 54); // their CRC is 2^31
console.log(backend, crc32(bytes), crc32(bit31), crc32(bytes.subarray(9)), crc32(Buffer.from("a")), crc32(shadowed), refused.length);
`,
      );
      for (const [backend, output] of outputs) {
        // The check value of CRC-32 is 0xcbf43926.
        expect(output).toBe(`${backend} ${0xcbf43926} ${2 ** 31} 0 ${0xe8b7be43} ${0xff41d912} 5`);
      }
      const functions = parseHeader(
        readFileSync(join(project.path, "native/addon.h"), "utf8"),
        "ADDON_EXPORT",
      );
      expect(functions).toContainEqual({
        name: "addon_crc32",
        returns: "uint32_t",
        args: ["const uint8_t *", "size_t"],
      });
    },
  );
}

test.skipIf(!compiler)(
  "with a C compiler: the recipe gives a metric that works on every backend",
  async () => {
    using project = createProject("bare");
    follow(project.path, readRecipe("add a metric"));
    const outputs = await runOnEveryBackend(
      project,
      `import { backend, VectorIndex } from "./src/index.ts";
using index = new VectorIndex({ dimensions: 3, metric: "manhattan" });
index.add(Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i)));
index.add(Float32Array.of(1, -2, 3));
const path = \`\${import.meta.dir}/saved.index\`;
index.save(path);
using loaded = VectorIndex.load(path);
const [version] = new Uint32Array(await Bun.file(path).slice(8, 12).arrayBuffer());
console.log(backend, version, JSON.stringify(loaded.search(Float32Array.of(1, -4, 3.5), 20)));
`,
    );
    const [, oracle = ""] = outputs.at(-1) ?? [];
    expect(oracle).toStartWith('typescript 3 [{"id":1000,"score":2.5},');
    for (const [backend, output] of outputs) {
      expect(output).toBe(oracle.replace("typescript", backend));
    }
  },
);
