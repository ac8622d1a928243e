// Writes a site of many modules: a tree of TypeScript, with YAML and Markdown at every tenth of it.
import { join } from "node:path";

/** Every tenth module has a content file; every other one of these is Markdown. */
const CONTENT = 10;

/** @param modules how many there are in all, content included. */
export async function writeSite(folder: string, modules: number): Promise<void> {
  const scripts = Math.ceil((modules * CONTENT) / (CONTENT + 1));
  const files = Array.from({ length: scripts }, (_, index) => [
    [`modules/m${index}.ts`, script(index, scripts)],
    ...(index % CONTENT === 0 ? [[contentName(index), content(index)]] : []),
  ]).flat();
  for (const [path = "", text = ""] of [...files, ...PAGE])
    await Bun.write(join(folder, path), text);
}

const PAGE = [
  [
    "index.html",
    `<!doctype html>
<html lang="en"><head><link rel="stylesheet" href="./style.css">
<script type="module" src="./main.ts"></script></head><body></body></html>\n`,
  ],
  ["style.css", "body { margin: 0 auto; max-width: 60rem }\n"],
  [
    "main.ts",
    `import { total } from "./modules/m0.ts";
import { words } from "./words.ts";
document.body.textContent = words + total(3);
document.body.onclick = async () => alert((await import("./later.ts")).default);\n`,
  ],
  ["words.ts", 'export const words = "The total is ";\n'],
  ["later.ts", 'import { words } from "./words.ts";\nexport default words.concat("late");\n'],
];

function script(index: number, scripts: number): string {
  const children = [2 * index + 1, 2 * index + 2].filter((child) => child < scripts);
  const imports = children.map(
    (n) => `import { Shape${n}, total as total${n} } from "./m${n}.ts";`,
  );
  const sums = children.map((n) => ` + total${n}(scale + ${n}) + new Shape${n}(scale, 2).area()`);
  const has = index % CONTENT === 0;
  return `// Module ${index}.
${imports.join("\n")}
${has ? `import content from "../${contentName(index)}";` : 'const content = "nothing";'}

interface Item { readonly name: string; readonly size: number }
const items: readonly Item[] = [
  ${[0, 1, 2, 3].map((n) => `{ name: "item ${index}.${n}", size: ${index * 7 + n} },`).join("\n  ")}
];
export class Shape${index} {
  constructor(private readonly width: number, private readonly height: number) {}
  area(): number {
    return this.width * this.height * ${index + 1};
  }
}
export function total(scale: number): number {
  let sum = JSON.stringify(content).length;
  for (const { name, size } of items) if (name.length > ${index % 7}) sum += size * scale;
  return sum${sums.join("")};
}
`;
}

function contentName(index: number): string {
  return `content/c${index}.${index % (2 * CONTENT) === 0 ? "yaml" : "md"}`;
}

function content(index: number): string {
  const data = `title: Content ${index}\ntags: [a, b, "c ${index}"]\nnested:\n  list:\n    - { key: 1 }\n`;
  if (contentName(index).endsWith(".yaml")) return data;
  const section = (n: number) =>
    `## Part ${n}\n\nSome *words* about \`${index}\` and [a link](./${n}).\n`;
  return `---\n${data}---\n\n# Content ${index}\n\n${[1, 2, 3].map(section).join("\n")}`;
}
