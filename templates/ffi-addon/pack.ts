// Packs the library as a platform package for optionalDependencies, into dist/prebuilt/<package>/.
//   bun run pack                                        for this machine
//   CC="zig cc -target aarch64-linux-gnu" bun run pack --target linux-arm64
//   bun run pack --manifest                             only the manifest, of the packages already there
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { parseArgs } from "node:util";
import project from "./package.json" with { type: "json" };
import { compile, writeManifest } from "./scripts/compile.ts";
import { findCompiler } from "./scripts/compiler.ts";
import { type Manifest, platform, root, sha256 } from "./src/library.ts";

/** The package of one platform: npm installs it only where `os` and `cpu` fit. */
function writePackage(folder: string, target: string): void {
  if (!/^(darwin|linux|win32)-(arm64|x64)$/.test(target)) {
    throw new Error(`--target is a system and a CPU, like linux-arm64, not ${target}.`);
  }
  const compiler = findCompiler(process.env.CC);
  const { path } = compile(compiler, { folder: join(root, "dist/native"), target });
  const { version, license } = project;
  const name = `${project.name}-${target}`;
  const [os, cpu] = target.split("-");
  const file = `addon${extname(path)}`;
  const description = `The native library of ${project.name} for ${target}`;
  const descriptor = { name, version, description, license, os: [os], cpu: [cpu], files: [file] };
  rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(path, join(folder, name, file));
  writeFileSync(join(folder, name, "package.json"), `${JSON.stringify(descriptor, null, 2)}\n`);
  console.log(`Packed ${name}: publish it, and list it in optionalDependencies.`);
}

/** Pins the SHA-256 of every packed library. It is published with the main package, not with theirs. */
function pinPackages(folder: string): void {
  const libraries: Record<string, Manifest["libraries"][string]> = {};
  // At any depth: a package with a scope is in a folder of that.
  const descriptors = new Bun.Glob("**/package.json").scanSync({ cwd: folder, absolute: true });
  for (const path of [...descriptors].toSorted()) {
    const { name, os, cpu, files } = JSON.parse(readFileSync(path, "utf8"));
    const hash = sha256(readFileSync(join(dirname(path), files[0])));
    libraries[`${os}-${cpu}`] = { package: name, file: files[0], sha256: hash };
  }
  writeManifest(folder, libraries);
}

try {
  const { values } = parseArgs({
    options: {
      target: { type: "string", default: platform },
      out: { type: "string", default: join(root, "dist/prebuilt") },
      manifest: { type: "boolean", default: false },
    },
  });
  if (!values.manifest) writePackage(values.out, values.target);
  pinPackages(values.out);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
