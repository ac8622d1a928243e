// The README lists the modules, and the modules import each other without a cycle.
import { expect, test } from "bun:test";
import manifest from "../package.json" with { type: "json" };

const root = `${import.meta.dir}/..`;
const files = [...new Bun.Glob("*.ts").scanSync(`${root}/src`)].sort();

const modules = Object.entries<string>(manifest.exports)
  .filter(([, file]) => file.endsWith(".ts"))
  .map(([key]) => `${key.slice(2)}.ts`);
const parts = files.filter((file) => !modules.includes(file));

test("the README's table lists every public module with the first line of its file", async () => {
  const rows = await Promise.all(
    modules.map(async (file) => {
      const [first] = (await Bun.file(`${root}/src/${file}`).text()).split("\n");
      return `| \`${file.replace(/\.ts$/, "")}\` | ${first?.replace(/^\/\/ /, "")} |`;
    }),
  );
  const readme = await Bun.file(`${root}/README.md`).text();
  const table = readme.split("\n").filter((line) => line.startsWith("| `"));
  expect(table.map((row) => row.replace(/ +/g, " ")).toSorted()).toEqual(rows.toSorted());
});

test("every other file is a part of a public module, and the README mentions it", async () => {
  const readme = await Bun.file(`${root}/README.md`).text();
  for (const file of parts) {
    expect(readme).toContain(`\`${file.replace(/\.ts$/, "")}\``);
    const users = files.filter((user) => relativeImports.get(user)?.includes(file));
    expect([file, users.length]).not.toEqual([file, 0]);
  }
});

const sources = await Promise.all(
  files.map(async (file) => [file, await Bun.file(`${root}/src/${file}`).text()] as const),
);
const relativeImports = new Map(
  sources.map(([file, source]) => [
    file,
    [...source.matchAll(/\b(?:from|import) "\.\/([^"]+)"/g)].map(([, path = ""]) => path),
  ]),
);

test.each(sources)(
  "%s imports only the runtime, declared packages and other modules",
  (_, source) => {
    const imported = new Bun.Transpiler({ loader: "ts" })
      .scanImports(source)
      .map(({ path }) => path);
    const packages: readonly string[] = Object.keys(manifest.dependencies);
    const undeclared = imported.filter(
      (path) =>
        !/^(bun|bun:test|node:.+)$/.test(path) &&
        !packages.some((name) => path === name || path.startsWith(`${name}/`)) &&
        !files.includes(path.replace("./", "")),
    );
    expect(undeclared).toEqual([]);
  },
);

test("no module imports itself through others", () => {
  const cycles: string[] = [];
  const visit = (path: readonly string[], file: string): void => {
    if (path.includes(file)) cycles.push([...path, file].join(" -> "));
    else for (const next of relativeImports.get(file) ?? []) visit([...path, file], next);
  };
  for (const file of files) visit([], file);
  expect(cycles).toEqual([]);
});
