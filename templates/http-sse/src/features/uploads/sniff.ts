// Detects the media type of a file from its first bytes, never from its name or the client's claim.

/** Number of bytes that `sniff` needs. */
export const SNIFF_BYTES = 512;

/** Offset, bytes in Latin-1, type. The first match wins. */
const SIGNATURES: readonly (readonly [offset: number, bytes: string, type: string])[] = [
  [0, "\x89PNG\r\n\x1a\n", "image/png"],
  [0, "\xff\xd8\xff", "image/jpeg"],
  [0, "GIF87a", "image/gif"],
  [0, "GIF89a", "image/gif"],
  [8, "WEBP", "image/webp"],
  [4, "ftypavif", "image/avif"],
  [4, "ftyp", "video/mp4"],
  [0, "\x1aE\xdf\xa3", "video/webm"],
  [0, "OggS", "audio/ogg"],
  [0, "ID3", "audio/mpeg"],
  [8, "WAVE", "audio/wav"],
  [0, "%PDF-", "application/pdf"],
  [0, "PK\x03\x04", "application/zip"],
  [0, "\x1f\x8b", "application/gzip"],
  [0, "\0asm", "application/wasm"],
];

/**
 * Returns the media type. Text is always text/plain: HTML and SVG would run in a browser as code of
 * this origin.
 */
export function sniff(head: Uint8Array): string {
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  const known = SIGNATURES.find(([offset, bytes]) => latin1.startsWith(bytes, offset));
  if (known) return known[2];
  return isText(head) ? "text/plain" : "application/octet-stream";
}

/** UTF-8 without control characters other than tab, line feed, form feed, carriage return and escape. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte))) {
    return false;
  }
  try {
    // If the file continues, the last character may be incomplete.
    const stream = head.length >= SNIFF_BYTES;
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
