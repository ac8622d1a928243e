// The recipes of ffi-addon's README: each is followed block by block in a created project, whose own tests must still pass.
import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { COMMAND_TIMEOUT } from "../contract/command.ts";
import { type Project, textOf } from "../contract/project.ts";
import { follow } from "./recipe.ts";
import { formatsAndChecks, openStarter, run } from "./starter.ts";

const { create, folder } = await openStarter("ffi-addon");
const compiler = ["cc", "clang", "gcc"].find((name) => Bun.which(name));

/** Whether the machine has zlib's header and library. */
function hasZlib(): boolean {
  if (!compiler) return false;
  const source = "#include <zlib.h>\nint main(void) { return crc32_z(0, 0, 0) != 0; }\n";
  const args = ["-x", "c", "-", "-lz", "-o", join(folder, "zlib")];
  return Bun.spawnSync([compiler, ...args], { stdin: Buffer.from(source) }).success;
}

/** Like a user after a recipe: formats, checks, builds, and runs the tests that the change can break. */
async function finish(project: Project, ...tests: string[]): Promise<void> {
  await formatsAndChecks(project);
  const { directory } = project;
  await run(directory, "run", "build");
  await run(directory, "test", ...tests.map((name) => `test/${name}.test.ts`));
}

/** What a program prints on each backend. */
async function onEveryBackend(project: Project, program: string): Promise<[string, string][]> {
  await Bun.write(join(project.directory, "program.ts"), program);
  const outputs: [string, string][] = [];
  for (const backend of ["compiled", "tinycc", "typescript"]) {
    const start = `process.env.FFI_BACKEND = "${backend}"; await import("./program.ts")`;
    outputs.push([backend, (await run(project.directory, "-e", start)).trimEnd()]);
  }
  await rm(join(project.directory, "program.ts"));
  return outputs;
}

/** Calls `crc32` on every backend. */
async function crc32Works(project: Project): Promise<void> {
  const outputs = await onEveryBackend(
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
}

test.skipIf(!compiler)(
  "the example under Use runs",
  async () => {
    const project = await create("use");
    const example = /^## Use\n+```ts\n(.*?)^```$/ms.exec(await textOf(project, "README.md"))?.[1];
    await Bun.write(join(project.directory, "use.ts"), example ?? "");
    await run(project.directory, "run", "build");
    const output = await run(project.directory, "use.ts");
    expect(output).toBe(`compiled 5 ${Math.SQRT2}\n`);
  },
  COMMAND_TIMEOUT,
);

test.skipIf(!compiler)(
  "put your own C in, and add a metric",
  async () => {
    const project = await create("own");
    await follow(project, "put your own C in");
    await follow(project, "add a metric");
    const calls = ["arguments", "bundle", "differential", "file", "vector-index"];
    await finish(project, "backends", "border", "native", ...calls);
    await crc32Works(project);
    const outputs = await onEveryBackend(
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
  COMMAND_TIMEOUT,
);

test.skipIf(!compiler)(
  "leave out TinyCC for C that it cannot compile",
  async () => {
    const project = await create("without-tinycc");
    for (const [name, before, after] of [
      ["src/engine.ts", '  "tinycc",\n', ""],
      ["native/addon.c", /^/, "#ifdef __TINYC__\n#error TinyCC\n#endif\n"],
    ] as const) {
      const text = await textOf(project, name);
      const edited = text.replace(before, after);
      expect(edited).not.toBe(text);
      await Bun.write(join(project.directory, name), edited);
    }
    await finish(project, "backends");
  },
  COMMAND_TIMEOUT,
);

test.skipIf(!hasZlib())(
  "link a library",
  async () => {
    const project = await create("link");
    await follow(project, "put your own C in");
    await follow(project, "link a library");
    await finish(project, "backends", "border", "native");
    await crc32Works(project);
  },
  COMMAND_TIMEOUT,
);

test.skipIf(!compiler)(
  "include the source of a C library",
  async () => {
    const project = await create("source");
    await follow(project, "put your own C in");
    const files = {
      "README.md": "# The library\n",
      "zlib.h":
        "#pragma once\nunsigned library_crc(const unsigned char *bytes, unsigned long length);\n",
      "unused.c": "#error not included\n",
      // With warnings: an unused parameter, a comparison of signs, and a conversion.
      "crc32.c": `#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "zlib.h"
#include "../checksum.c"
static int unused(int x) { return 0; }
unsigned library_crc(const unsigned char *bytes, unsigned long length) {
  char narrow = length; int i = 0;
  while (i < length) i++;
  return addon_crc32(bytes, length);
}
`,
    };
    for (const [name, text] of Object.entries(files)) {
      await Bun.write(join(project.directory, "native/zlib", name), text);
    }
    const zlib = '#pragma GCC system_header\n#include "zlib/crc32.c"\n';
    await Bun.write(join(project.directory, "native/zlib.c"), zlib);
    const addon = join(project.directory, "native/addon.c");
    await Bun.write(addon, (await Bun.file(addon).text()).replace("checksum.c", "zlib.c"));
    await finish(project, "backends", "border", "native");
    await crc32Works(project);
  },
  COMMAND_TIMEOUT,
);
