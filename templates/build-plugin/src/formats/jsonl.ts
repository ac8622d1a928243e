// JSON Lines (https://jsonlines.org): one JSON value per line. The smallest format, and an example for your own.
import type { Format, Source, Span } from "../format.ts";
import { keepsDigits, LOST_DIGITS } from "../number.ts";

/** `import rows from "./rows.jsonl"`: an array with the value of each line that is not blank. */
export const jsonlFormat: Format = {
  name: "jsonl",
  extensions: ["jsonl", "ndjson"],
  parse(source) {
    // `\S` skips blank lines and indentation. `.` would exclude U+2028 and U+2029, which JSON allows in strings.
    const lines = [...source.text.matchAll(/\S[^\n]*/g)];
    return {
      data: lines.map((line) => parseLine(line, source)),
      locate: ([index]) => spanOf(lines[Number(index)]),
    };
  },
};

/** Returns the start of the file if there is no line: for the path `[]`, or for an index that does not exist. */
function spanOf(line: RegExpExecArray | undefined): Span {
  return line === undefined ? [0, 0] : [line.index, line.index + line[0].trimEnd().length];
}

function parseLine(line: RegExpExecArray, source: Source): unknown {
  const value = parseJson(line, source);
  refuseLosses(line, source);
  return value;
}

function parseJson(line: RegExpExecArray, source: Source): unknown {
  try {
    return JSON.parse(line[0]);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw source.error("syntax", spanOf(line), error.message);
  }
}

/** A string, which is a key if a colon follows; the start or end of an object; or a number. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]|(-?\d[\d.eE+-]*)/g;

/** Refuses what `JSON.parse` would change silently: it rounds long numbers, and keeps only the last of duplicate keys. */
function refuseLosses(line: RegExpExecArray, source: Source): void {
  const objects: Set<string>[] = [];
  for (const match of line[0].matchAll(TOKEN)) {
    const [token, string, colon, number] = match;
    const syntaxError = (message: string) => {
      const start = line.index + match.index;
      return source.error("syntax", [start, start + token.length], message);
    };
    if (token === "{") objects.push(new Set());
    else if (token === "}") objects.pop();
    else if (number !== undefined) {
      if (!keepsDigits(number)) throw syntaxError(LOST_DIGITS);
    } else if (string !== undefined && colon !== undefined) {
      const key: string = JSON.parse(string);
      const keys = objects.at(-1);
      if (keys?.has(key)) throw syntaxError(`the key ${string} is a duplicate: rename it`);
      keys?.add(key);
    }
  }
}
