// Which part of a file a request asks for, and whether it has it already (RFC 9110, sections 13 and 14).

export interface Span {
  readonly start: number;
  /** The last byte, included. */
  readonly end: number;
}

/**
 * The one range that `header` asks for; "unsatisfiable" if the file has no such byte; undefined,
 * and so the whole file, for no range, several ranges, or what is no range at all.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): Span | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(from);
  const end = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** If-Range: whether a range of the version `etag` may follow what the client has. Only a strong tag proves it. */
export function rangeApplies(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag;
}
