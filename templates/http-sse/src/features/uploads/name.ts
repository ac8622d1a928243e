// The name that a client gave its file: a label for display and download, never a path.

/** In characters. */
const MAX_LENGTH = 200;

/** The last segment of the name, without control characters, at most `MAX_LENGTH` characters long. */
export function cleanName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const visible = last
    .toWellFormed()
    .replace(/\p{Cc}|\p{Cf}/gu, "")
    .trim();
  const short = [...visible].slice(0, MAX_LENGTH).join("");
  return /^\.*$/.test(short) ? "upload" : short;
}

/**
 * Content-Disposition of a download (RFC 6266): an ASCII form for every client, and the exact name in
 * its encoded form (RFC 8187) if that differs.
 */
export function attachment(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/gu, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"${ascii === name ? "" : `; filename*=UTF-8''${encoded}`}`;
}
