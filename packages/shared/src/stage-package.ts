// Creates the package as it is published in a folder of its own, so that packing changes none of the project's files.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Creates dist/package/ from the files that the project would publish. Its README.md is NPM.md, if there is one, in which
 * `your-package` is the package's name and `your-command` the name without its scope. A LICENSE of "the <package> authors"
 * gets the package's present name.
 * @param changes fields of package.json that differ in the published one
 * @throws {Error} if the project cannot be packed
 */
export async function stagePackage(changes = {}, directory = process.cwd()): Promise<void> {
  const staged = join(directory, "dist/package");
  rmSync(staged, { recursive: true, force: true });
  const tarball = join(directory, "dist/package.tgz");
  // The project's `prepack` refuses to pack it.
  const pack = ["pm", "pack", "--ignore-scripts", "--quiet", "--filename", tarball];
  const { success, stderr } = Bun.spawnSync([process.execPath, ...pack], { cwd: directory });
  if (!success) throw new Error(`bun pm pack failed: ${stderr}`);
  await new Bun.Archive(readFileSync(tarball)).extract(join(directory, "dist")); // into package/
  rmSync(tarball);

  const manifest = JSON.parse(readFileSync(join(staged, "package.json"), "utf8"));
  const { prepack: _, ...scripts } = manifest.scripts ?? {};
  const published = { ...manifest, ...changes, scripts };
  writeFileSync(join(staged, "package.json"), `${JSON.stringify(published, null, 2)}\n`);

  const { name } = manifest;
  const copy = (from: string, to: string, edit: (text: string) => string): void => {
    if (!existsSync(join(directory, from))) return;
    writeFileSync(join(staged, to), edit(readFileSync(join(directory, from), "utf8")));
  };
  // npm names a command after its package, without the scope.
  const command = name.replace(/^@.*\//, "");
  copy("NPM.md", "README.md", (text) =>
    text.replaceAll("your-package", name).replaceAll("your-command", command),
  );
  // The project may have been renamed since it was created. A package's name has no blanks or capitals, unlike most holders'.
  copy("LICENSE", "LICENSE", (text) =>
    text.replace(/(?<=\(c\) )the [a-z\d@/._~-]+ authors$/m, `the ${name} authors`),
  );
}
