// The README's table is the list of modules, and each module stands alone.
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

test.each(files)("%s imports only the runtime and declared packages", async (file) => {
  const source = await Bun.file(`${root}/src/${file}`).text();
  const imported = new Bun.Transpiler({ loader: "ts" }).scanImports(source).map(({ path }) => path);
  const packages = Object.keys(manifest.dependencies);
  const strangers = imported.filter(
    (path) => !/^(bun|bun:test|node:.+)$/.test(path) && !packages.includes(path),
  );
  expect(strangers).toEqual([]);
  expect(source).not.toMatch(/from "\.|import\("\./);
});
