// Builds the library as platform packages, into dist/prebuilt/<package>/, and pins their SHA-256 in a manifest.
//   bun run package                                      for this machine, with its compiler
//   bun run package --target linux-arm64 --target …      for other platforms, with zig cc
//   bun run package --all                                for every platform of scripts/targets.ts, with zig cc
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { parseArgs } from "node:util";
import { compile, libraryModule } from "../scripts/compile.ts";
import { findCompiler } from "../scripts/compiler.ts";
import { crossCompiler, namePackage, type Target, targets } from "../scripts/targets.ts";
import { root } from "../src/artifacts.ts";
import { type Manifest, platform } from "../src/verify.ts";
import { pinPackages, readProject } from "./packages.ts";

/**
 * @param cc as `$CC`; by default, the first compiler that is found.
 * @returns the package's entry in the manifest.
 */
function writePackage(
  folder: string,
  target: string,
  cc: string | undefined,
): Manifest["libraries"][string] {
  const { os, cpu, libc } = findTarget(target);
  const compiler = findCompiler(cc);
  const { path, sha256 } = compile(compiler, { folder: join(root, "dist/native"), target });
  const { name: main, version, license, repository } = readProject();
  const name = namePackage(main, target);
  const file = `addon${extname(path)}`;
  const manifest = {
    name,
    version,
    description: `The native library of ${main} for ${target}`,
    license,
    repository,
    type: "module",
    exports: "./index.js",
    files: ["index.js", file],
    os: [os],
    cpu: [cpu],
    libc: libc && [libc],
    publishConfig: { access: "public" },
  };
  const output = join(folder, name);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  copyFileSync(path, join(output, file));
  writeFileSync(join(output, "index.js"), libraryModule(file));
  writeFileSync(join(output, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`Built ${name}`);
  return { package: name, file, sha256, compiler: cc || compiler.command.join(" ") };
}

function findTarget(name: string): Target {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target) return target;
  throw new Error(`There is no target "${name}". Use one of ${Object.keys(targets).join(", ")}.`);
}

try {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      out: { type: "string", default: join(root, "dist/prebuilt") },
    },
  });
  const wanted = values.all ? Object.keys(targets) : values.target;
  const built =
    wanted.length > 0
      ? wanted.map((target) => [target, writePackage(values.out, target, crossCompiler(target))])
      : [[platform, writePackage(values.out, platform, process.env.CC)]];
  pinPackages(values.out, Object.fromEntries(built));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
