// Renders a run as Markdown, for the step summary of GitHub Actions. Pure.
import { CELLS, failures, type State } from "./cells.ts";
import { duration } from "./matrix.ts";
import { movesInWords, type Outcome, summary } from "./report.ts";

export function toMarkdown({ matrix, ms, bun, system, moved, logs }: Outcome): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = [...matrix].map(([name, row]) =>
    line([`\`${name}\``, ...CELLS.map((cell) => label(row[cell]))]),
  );
  const red = failures(matrix).map(
    ({ starter, cell, reason, log }) =>
      `<details open><summary>${starter}: ${cell}: ${escaped(reason)}</summary>\n\n` +
      `<pre>${escaped(logs.get(log) ?? "")}</pre>\n</details>`,
  );
  const newer = [...moved].map(([name, moves]) => `- \`${name}\`: ${movesInWords(moves)}`);
  return [
    `### Smoke run: Bun ${bun}, ${system}`,
    [line(["starter", ...CELLS]), line(["", ...CELLS].map(() => "---")), ...rows].join("\n"),
    `${summary(matrix)} in ${duration(ms)}.`,
    ...red,
    ...(newer.length > 0 ? [newer.join("\n")] : []),
    "",
  ].join("\n\n");
}

function label(state: State): string {
  switch (state.status) {
    case "passed":
      return `✅ ${duration(state.ms)}`;
    case "failed":
      return `❌ ${duration(state.ms)}`;
    case "not applicable":
      return "–";
    default:
      return "not run";
  }
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
