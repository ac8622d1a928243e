// Replaces README.md and LICENSE with those of the package in `prepack`, and restores the project's own in `postpack`.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Holds the project's own files while they are replaced. If packing is killed, the next run restores them. */
const BACKUP = ".cache/unpublished";

process.chdir(join(import.meta.dir, ".."));
const { name }: { name: string } = await Bun.file("package.json").json();
const contents: Readonly<Record<string, () => string>> = {
  "README.md": () => readFileSync("NPM.md", "utf8").replaceAll("your-package", name),
  LICENSE: () =>
    readFileSync("LICENSE", "utf8").replace(/the project('s)? authors/, `the authors of ${name}`),
};

restore();
if (process.argv[2] === "replace") replace();

function replace(): void {
  mkdirSync(BACKUP, { recursive: true });
  for (const [file, content] of Object.entries(contents)) {
    if (!existsSync(file)) continue;
    const text = content();
    copyFileSync(file, join(BACKUP, file));
    writeFileSync(join(BACKUP, `${file}.published`), text);
    writeFileSync(file, text);
  }
}

/** Keeps a file that was edited since it was replaced. */
function restore(): void {
  for (const file of Object.keys(contents)) {
    const published = join(BACKUP, `${file}.published`);
    if (!existsSync(published) || !existsSync(file)) continue;
    if (readFileSync(file).equals(readFileSync(published))) copyFileSync(join(BACKUP, file), file);
  }
  rmSync(BACKUP, { recursive: true, force: true });
}
