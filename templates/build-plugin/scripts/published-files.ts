// Replaces README.md and LICENSE with those of the package in `prepack`, and restores the project's own in `postpack`.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Holds the project's own files while they are replaced. If packing is killed, the next run restores them. */
const BACKUP = ".unpublished";

process.chdir(join(import.meta.dir, ".."));
const { name }: { name: string } = await Bun.file("package.json").json();
const contents: Readonly<Record<string, () => string>> = {
  // npm names the command after the package, without its scope.
  "README.md": () =>
    readFileSync("NPM.md", "utf8")
      .replaceAll("your-package", name)
      .replaceAll("your-command", name.replace(/^@.*\//, "")),
  // The project may have been renamed since it was created.
  LICENSE: () =>
    readFileSync("LICENSE", "utf8").replace(/(?<=\(c\) )the .+ authors$/m, `the ${name} authors`),
};

restore();
if (process.argv[2] === "replace") replace();

function replace(): void {
  mkdirSync(BACKUP, { recursive: true });
  writeFileSync(join(BACKUP, ".gitignore"), "*\n");
  for (const [file, content] of Object.entries(contents)) {
    if (!existsSync(file)) continue;
    const text = content();
    copyFileSync(file, join(BACKUP, file));
    writeFileSync(join(BACKUP, `${file}.published`), text);
    writeFileSync(file, text);
  }
}

/** Restores the project's own files, except those that were edited after they were replaced. */
function restore(): void {
  for (const file of Object.keys(contents)) {
    const published = join(BACKUP, `${file}.published`);
    if (!existsSync(published) || !existsSync(file)) continue;
    if (readFileSync(file).equals(readFileSync(published))) copyFileSync(join(BACKUP, file), file);
  }
  rmSync(BACKUP, { recursive: true, force: true });
}
