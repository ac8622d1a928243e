// Renders what changed in each starter for the notes of a release. Pure.
import type { TemplateDiff } from "./update-check.ts";

/** GitHub refuses release notes above 125,000 characters. */
const MAX_PATCH = 15_000;

/** Markdown with the patch of each starter, or, for a long one, the files and how to get it. Empty without a change. */
export function templateNotes(diffs: readonly TemplateDiff[]): string {
  return diffs
    .map(({ template, patch }) => {
      const files = patch.match(/^diff --git /gm)?.length ?? 0;
      const title = `${template}: ${files} changed file${files === 1 ? "" : "s"}`;
      return `<details>\n<summary>${title}</summary>\n\n${body(patch)}\n\n</details>`;
    })
    .join("\n\n");
}

function body(patch: string): string {
  if (patch.length > MAX_PATCH) {
    const files = [...patch.matchAll(/^diff --git a\/.* b\/(.*)$/gm)].map(
      ([, path]) => `- ${path}`,
    );
    const command = "The patch, in a created project: `bunx create-bunyard@latest diff`";
    return [...files, "", command].join("\n");
  }
  // The fence is longer than any in the patch.
  const longest = Math.max(2, ...[...patch.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}diff\n${patch}\n${fence}`;
}
