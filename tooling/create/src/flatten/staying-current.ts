// Adds to a project's README.md and AGENTS.md how the project gets later versions of its starter, its packages and Bun.
import { bytes, type FileMap, text } from "./file-map.ts";

/** True in a workspace too, where the project has no .github folder. */
const readme = (bunFiles: readonly string[]) => `
## Staying current

\`bunx create-bunyard@latest check\` shows what has changed in the starter since this project was created or last updated.
\`bunx create-bunyard@latest update\` merges these changes into this project and keeps yours. The entry \`bunyard\` in package.json records
the starter and its version.

At the root of a repository, Dependabot proposes new versions of packages and GitHub Actions every week, when they are at least seven
days old. Bun is updated by hand: change its version in ${inWords([...bunFiles, "your workflows"])}.
`;
const AGENTS =
  "- `bunx create-bunyard@latest check` shows changes of the starter, `update` merges them. Leave `bunyard` in package.json to it.\n";

/** Leaves a template without these files as it is. */
export function withUpdateHints(project: FileMap): FileMap {
  const appended = (path: string, addition: (text: string) => string): [string, Uint8Array][] => {
    const content = project.get(path);
    if (content === undefined) return [];
    const before = text(content).trimEnd();
    return [[path, bytes(`${before}\n${addition(before)}`)]];
  };
  const bunFiles = BUN_FILES.flatMap(([path, name]) => (project.has(path) ? [name] : []));
  // In AGENTS.md, a list at the end continues.
  const agents = (before: string) => (/\n- .*$/.test(before) ? AGENTS : `\n${AGENTS}`);
  return new Map([
    ...project,
    ...appended("README.md", () => readme(bunFiles)),
    ...appended("AGENTS.md", agents),
  ]);
}

/** The files that name Bun's version, and how the README names them. */
const BUN_FILES = [
  ["package.json", "`engines` in `package.json`"],
  ["Dockerfile", "`Dockerfile`"],
  ["src/lib/bun-version.ts", "`src/lib/bun-version.ts`"],
] as const;

function inWords(items: readonly string[]): string {
  return items.join(", ").replace(/, ([^,]*)$/, " and $1");
}
