// Removes the regions of features that are left out, and the marks of those that stay.
import { layout } from "./layout.ts";
import { markIn } from "./marks.ts";
import { broken } from "./rules.ts";

export interface Regions {
  /** The text without a mark, formatted as it was. */
  readonly text: string;
  /** Features that have a region in the text. */
  readonly features: ReadonlySet<string>;
}

interface OpenRegion {
  readonly features: readonly string[];
  readonly line: number;
}

/**
 * A region that names several features stays only if all of them stay. Undefined for a text without a mark, which may
 * be a binary file.
 * @param path of the file, for messages and for its format
 * @param known names of the template's features
 * @throws {CreateError} `broken_template`, with file and line
 */
export function applyRegions(
  path: string,
  source: string,
  known: ReadonlySet<string>,
  without: ReadonlySet<string>,
): Regions | undefined {
  const features = new Set<string>();
  const open: OpenRegion[] = [];
  const kept: string[] = [];
  const cuts: number[] = [];
  const register = (names: readonly string[], line: number) => {
    if (names.length === 0) throw broken(`${path}:${line}`, "opens a region without a feature");
    for (const name of names) {
      if (!known.has(name)) throw broken(`${path}:${line}`, `names unknown feature ${name}`);
      features.add(name);
    }
  };
  const stays = (names: readonly string[]) => !names.some((name) => without.has(name));
  let line = 0;
  let isKept = true;
  for (const content of source.split("\n")) {
    line += 1;
    const mark = markIn(content);
    if (mark === undefined) {
      if (isKept) kept.push(content);
      continue;
    }
    cuts.push(kept.length);
    switch (mark.kind) {
      case "open":
        register(mark.features, line);
        open.push({ features: mark.features, line });
        break;
      case "close":
        close(open, mark.features, `${path}:${line}`);
        break;
      case "row":
        register(mark.features, line);
        if (isKept && stays(mark.features)) kept.push(mark.line);
        break;
      case "misplaced": {
        const hint = "Put it on a line of its own, or in the last cell of a Markdown table's row.";
        throw broken(`${path}:${line}`, "has a region mark next to other text", hint);
      }
    }
    isKept = open.every((region) => stays(region.features));
  }
  const [unclosed] = open;
  if (unclosed === undefined) {
    return features.size === 0 ? undefined : { text: layout(path, kept, cuts), features };
  }
  throw broken(
    `${path}:${unclosed.line}`,
    `opens a region of ${unclosed.features.join(" and ")} that is never closed`,
    "Add a comment with #endregion.",
  );
}

function close(open: OpenRegion[], named: readonly string[], place: string): void {
  const region = open.pop();
  if (region === undefined) throw broken(place, "closes a region that was never opened");
  if (named.length === 0 || named.join() === region.features.join()) return;
  const opened = `${region.features.join(" ")}, opened on line ${region.line}`;
  throw broken(place, `closes a region of ${named.join(" ")} instead of ${opened}`);
}
