// Byte ranges, which browsers request to seek in a video (RFC 9110, section 14).

/**
 * Parses a `Range` header for a file of `size` bytes. Undefined means the complete file: without a header, for another
 * unit than bytes, several ranges, or invalid syntax, all of which a server may ignore.
 * @returns the first and the last byte, counted from 0, or "unsatisfiable" if the range starts after the end of the file.
 */
export function parseRange(header: string | undefined, size: number) {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const range =
    first === ""
      ? { first: Math.max(0, size - Number(last)), last: size - 1 }
      : { first: Number(first), last: Math.min(last === "" ? size - 1 : Number(last), size - 1) };
  if (last !== "" && first !== "" && Number(last) < Number(first)) return undefined;
  return range.first < size ? range : "unsatisfiable";
}
