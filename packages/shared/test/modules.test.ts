// The README's table lists the modules, and the modules import each other without a cycle.
import { expect, test } from "bun:test";
import manifest from "../package.json" with { type: "json" };

const root = `${import.meta.dir}/..`;
const files = [...new Bun.Glob("*.ts").scanSync(`${root}/src`)].sort();

test("every module is exported, and told in the README by its own first line", async () => {
  const rows = await Promise.all(
    files.map(async (file) => {
      const [first] = (await Bun.file(`${root}/src/${file}`).text()).split("\n");
      return `| \`${file.replace(/\.ts$/, "")}\` | ${first?.replace(/^\/\/ /, "")} |`;
    }),
  );
  const readme = await Bun.file(`${root}/README.md`).text();
  const table = readme.split("\n").filter((line) => line.startsWith("| `"));
  expect(table.map((row) => row.replace(/ +/g, " "))).toEqual(rows);
  const exported: Record<string, string> = { "./tsconfig.json": "./tsconfig.base.json" };
  for (const file of files) exported[`./${file.replace(/\.ts$/, "")}`] = `./src/${file}`;
  expect(manifest.exports as Record<string, string>).toEqual(exported);
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
    const strangers = imported.filter(
      (path) =>
        !/^(bun|bun:test|node:.+)$/.test(path) &&
        !packages.includes(path) &&
        !files.includes(path.replace("./", "")),
    );
    expect(strangers).toEqual([]);
  },
);

test("no module imports itself by way of others", () => {
  const cycles: string[] = [];
  const visit = (path: readonly string[], file: string): void => {
    if (path.includes(file)) cycles.push([...path, file].join(" -> "));
    else for (const next of relativeImports.get(file) ?? []) visit([...path, file], next);
  };
  for (const file of files) visit([], file);
  expect(cycles).toEqual([]);
});
