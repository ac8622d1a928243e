// Declarations of the site's content: written beside each file, and held to it.
import { rm } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { collections } from "../site/collections.ts";
import { declaration } from "../src/index.ts";
import { BuildFailure } from "./failure.ts";

const FOLDER = "site";
const SCHEMAS = "site/schemas.ts";

export async function writeTypes(): Promise<string> {
  const { wanted, stale, orphans } = await survey();
  for (const path of stale) await Bun.write(path, wanted.get(path) ?? "");
  for (const path of orphans) await rm(path);
  const changes = [...stale, ...orphans].map((path) => `\n  ${path}`).join("");
  return `types: ${wanted.size} declarations, ${stale.length + orphans.length} changed${changes}`;
}

export async function checkTypes(): Promise<string> {
  const { wanted, stale, orphans } = await survey();
  const wrong = [...stale, ...orphans].map((path) => `${path} is not what the content is`);
  if (wrong.length > 0) throw new BuildFailure(wrong.join("\n"), "Run `bun run types`.");
  return `types: ${wanted.size} declarations, up to date`;
}

interface Survey {
  /** Text by path. */
  readonly wanted: ReadonlyMap<string, string>;
  /** Missing, or not as wanted. */
  readonly stale: readonly string[];
  /** Declarations of content that is gone. */
  readonly orphans: readonly string[];
}

async function survey(): Promise<Survey> {
  const wanted = new Map<string, string>();
  for (const path of scan("**/*.{yaml,yml,md,markdown}")) {
    wanted.set(path.replace(/\.(\w+)$/, ".d.$1.ts"), await declarationOf(path));
  }
  const found = scan("**/*.d.{yaml,yml,md,markdown}.ts");
  const stale: string[] = [];
  for (const [path, text] of wanted) {
    if (!found.includes(path) || bare(await Bun.file(path).text()) !== bare(text)) stale.push(path);
  }
  return {
    wanted,
    stale,
    orphans: found.filter((path) => !wanted.has(path)),
  };
}

/** Formatting is for Biome to judge. */
const bare = (text: string): string => text.replaceAll(/\s+/g, "");

function scan(pattern: string): string[] {
  return [...new Bun.Glob(`${FOLDER}/${pattern}`).scanSync()]
    .map((path) => path.replaceAll("\\", "/"))
    .toSorted();
}

async function declarationOf(path: string): Promise<string> {
  const { default: document }: { default: unknown } = await import(resolve(path));
  const collection = collections.find(({ filter }) => filter.test(resolve(path)));
  const module = relative(dirname(path), SCHEMAS).replaceAll("\\", "/");
  return declaration({
    document,
    markdown: /\.(md|markdown)$/.test(path),
    schema: collection && {
      module: module.startsWith(".") ? module : `./${module}`,
      name: collection.schemaName,
    },
  });
}
