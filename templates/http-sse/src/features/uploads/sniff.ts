// Detects the media type of a file from its first bytes, never from its name or the client's claim.

/** Number of bytes that `sniff` needs. */
export const SNIFF_BYTES = 512;

/** Patterns of the first bytes of a file in Latin-1, and its type. The first match wins. */
const SIGNATURES: readonly (readonly [pattern: string, type: string])[] = [
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["GIF8[79]a", "image/gif"],
  ["RIFF....WEBP", "image/webp"],
  ["RIFF....WAVE", "audio/wav"],
  ["....ftypavi.", "image/avif"],
  ["....ftyphe..", "image/heic"],
  ["....ftypm[is]f1", "image/heif"],
  ["....ftypM4[AB]", "audio/mp4"],
  ["....ftypqt", "video/quicktime"],
  ["....ftyp3g", "video/3gpp"],
  ["....ftyp(iso|mp4|M4V|avc1|dash)", "video/mp4"],
  // EBML: the document type, in the element B\x82 of the header, distinguishes WebM from Matroska (RFC 8794).
  ["\x1aE\xdf\xa3.{1,64}B\x82.{1,8}webm", "video/webm"],
  ["\x1aE\xdf\xa3.{1,64}B\x82.{1,8}matroska", "video/matroska"],
  ["OggS.{24}\x80theora", "video/ogg"],
  ["OggS", "audio/ogg"],
  ["ID3", "audio/mpeg"],
  ["%PDF-", "application/pdf"],
  ["PK\x03\x04", "application/zip"],
  ["\x1f\x8b", "application/gzip"],
  ["\0asm", "application/wasm"],
];

/**
 * Returns the media type. Text that is not a PDF is always text/plain: HTML and SVG would run in a browser as code of
 * this origin, and a text may start with the letters of a signature.
 */
export function sniff(head: Uint8Array): string {
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1");
  if (isText(head) && !latin1.startsWith("%PDF-")) return "text/plain";
  const known = SIGNATURES.find(([pattern]) => new RegExp(`^${pattern}`, "s").test(latin1));
  return known?.[1] ?? "application/octet-stream";
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
