// While a package is packed, the files that it publishes replace the project's own.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Holds the project's own files while they are replaced. If packing is killed, the next run restores them. */
const BACKUP = ".unpublished";

/**
 * For `prepack`: README.md becomes NPM.md, in which `your-package` is the package's name and `your-command` the name without
 * its scope; without NPM.md it stays. A LICENSE of "the <package> authors" gets the package's present name.
 * @param manifest the published package.json, if it differs from the project's own
 */
export function replaceWithPublished(directory = process.cwd(), manifest?: string): void {
  restoreOwn(directory);
  const file = (name: string) => join(directory, name);
  const read = (name: string) => readFileSync(file(name), "utf8");
  const { name }: { name: string } = JSON.parse(read("package.json"));
  const replace = (path: string, text: string) => {
    mkdirSync(file(BACKUP), { recursive: true });
    writeFileSync(join(file(BACKUP), ".gitignore"), "*\n");
    const published = join(file(BACKUP), `${path}.published`);
    writeFileSync(published, text);
    writeFileSync(`${published}.new`, text);
    cpSync(file(path), join(file(BACKUP), path), { verbatimSymlinks: true });
    // The rename is atomic: after a kill, the file is the old or the new one. As long as `*.published.new` exists, it is the old one.
    renameSync(`${published}.new`, file(path));
  };
  if (manifest !== undefined) replace("package.json", manifest);
  if (existsSync(file("NPM.md")) && existsSync(file("README.md"))) {
    const named = read("NPM.md").replaceAll("your-package", name);
    // npm names a command after its package, without the scope.
    replace("README.md", named.replaceAll("your-command", name.replace(/^@.*\//, "")));
  }
  // The project may have been renamed since it was created. A package's name has no blanks or capitals, unlike most holders'.
  if (existsSync(file("LICENSE"))) {
    replace(
      "LICENSE",
      read("LICENSE").replace(/(?<=\(c\) )the [a-z\d@/._~-]+ authors$/m, `the ${name} authors`),
    );
  }
}

/**
 * For `postpack`: restores the project's own files. A file that was edited after it was replaced stays; a message says where
 * the own copy is.
 */
export function restoreOwn(directory = process.cwd()): void {
  const backup = join(directory, BACKUP);
  const edited: string[] = [];
  for (const name of ["package.json", "README.md", "LICENSE"]) {
    const file = join(directory, name);
    const own = join(backup, name);
    const published = join(backup, `${name}.published`);
    const isReplaced = lstatSync(own, { throwIfNoEntry: false }) && !existsSync(`${published}.new`);
    if (!isReplaced) continue;
    // The own text may already have been restored with git.
    const known = [published, own].filter((path) => existsSync(path));
    const isEdited =
      existsSync(file) && !known.some((path) => readFileSync(path).equals(readFileSync(file)));
    if (isEdited) edited.push(name);
    else renameSync(own, file);
  }
  if (edited.length === 0) {
    rmSync(backup, { recursive: true, force: true });
    return;
  }
  const kept = `${BACKUP}-${Date.now()}`; // the next packing needs the name of the backup
  renameSync(backup, join(directory, kept));
  for (const name of edited) {
    console.error(
      `${name} was edited after packing had replaced it, so it was not restored. Your own copy is ${kept}/${name}.`,
    );
  }
}
