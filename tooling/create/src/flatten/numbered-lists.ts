// Renumbers the numbered Markdown lists from which items were removed.

const ITEM = /^(\s*)(\d+)([.)] )/;

/** Numbers the items of a list in sequence from its first number, unless the author gave all of them the same number. */
export function renumberLists(lines: string[], cuts: readonly number[]): void {
  const isCut = new Set(cuts);
  let list: number[] = [];
  let indent = "";
  let hasCut = false;
  const flush = () => {
    if (hasCut && list.length > 0) renumber(lines, list);
    list = [];
    hasCut = false;
  };
  for (const [index, text] of lines.entries()) {
    hasCut ||= isCut.has(index);
    const [, before] = ITEM.exec(text) ?? [];
    if (before !== undefined && (list.length === 0 || before === indent)) {
      indent = before;
      list.push(index);
    } else if (text.trim() !== "" && !text.startsWith(`${indent} `)) flush();
  }
  flush();
}

function renumber(lines: string[], items: readonly number[]): void {
  const numbers = items.map((index) => Number(ITEM.exec(lines[index] ?? "")?.[2]));
  const [first = 1, second = first + 1] = numbers;
  if (first === second) return;
  // A list whose first item was removed starts with 1 again.
  const start = first === 0 ? 0 : 1;
  for (const [position, index] of items.entries()) {
    lines[index] = (lines[index] ?? "").replace(ITEM, `$1${start + position}$3`);
  }
}
