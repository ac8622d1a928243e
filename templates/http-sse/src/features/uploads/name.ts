// The name that a client gave its file: a label for display and download, never a path.

/** In characters. */
const MAX_LENGTH = 200;
const MAX_EXTENSION = 20;

/**
 * Characters that are invisible or change the direction of the text, and so disguise a name. The joiners
 * U+200C and U+200D are not among them: several scripts, and emoji, are written with them.
 */
const DISGUISING =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * The last segment of the name, without disguising characters. It has at most `MAX_LENGTH` characters; a
 * longer one keeps its extension.
 */
export function cleanName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const characters = [...last.toWellFormed().replace(DISGUISING, "").trim()];
  const dot = characters.lastIndexOf(".");
  const extension = characters.length - dot > MAX_EXTENSION || dot < 1 ? [] : characters.slice(dot);
  const stem = characters.slice(0, Math.min(characters.length, MAX_LENGTH) - extension.length);
  const short = [...stem, ...extension].join("");
  return /^[.\p{Cf}\s]*$/u.test(short) ? "upload" : short;
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
