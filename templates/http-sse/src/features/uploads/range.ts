// Range requests (RFC 9110, section 14): the part of a file that a request asks for.

/**
 * Parses a Range header. `end` is the position of the last byte, inclusive. Returns "unsatisfiable" if the range contains
 * no byte of the file. Returns undefined, which means the complete file, if the header is missing, is malformed or has
 * several ranges.
 */
export function parseRange(header: string | undefined, size: number) {
  const [, from, to] = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    if (Number(to) === 0) return "unsatisfiable";
    // All of an empty file is a valid range, which Content-Range cannot express.
    return size === 0 ? undefined : { start: size - length, end: size - 1 };
  }
  const start = Number(from);
  const end = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}
