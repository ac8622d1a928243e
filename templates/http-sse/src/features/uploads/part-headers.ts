// Parses the headers of one part of a multipart/form-data body (RFC 7578).
import { Problem } from "#lib/http";

export interface PartHeaders {
  readonly field: string;
  /** "" if it cannot be decoded; undefined if the part is not a file. */
  readonly fileName: string | undefined;
  /** Whether the content would have to be decoded before it is stored. */
  readonly isEncoded: boolean;
}

/** Maximum number of characters: with many quotes, the time to find the parameters grows with the square of it. */
const MAX_LENGTH = 4096;

/** @throws {Problem} 413 if the headers are too long. */
export function parsePartHeaders(text: string): PartHeaders {
  if (text.length > MAX_LENGTH) {
    throw new Problem(413, `The headers of a part may have at most ${MAX_LENGTH} characters.`);
  }
  const headers = parseLines(text);
  const parameters = parseParameters(headers.get("content-disposition") ?? "");
  const extended = parameters.get("filename*");
  const fileName = extendedValue(extended) ?? parameters.get("filename");
  return {
    field: parameters.get("name") ?? "",
    fileName: fileName ?? (extended === undefined ? undefined : ""),
    isEncoded: ["content-encoding", "content-transfer-encoding"].some(
      (name) => !/^(7bit|8bit|binary|identity)?$/i.test(headers.get(name) ?? ""),
    ),
  };
}

/** The values of the fields by their names in lower case. A field may be folded into lines (RFC 5322, section 2.2.3). */
function parseLines(text: string): ReadonlyMap<string, string> {
  const lines = text.replace(/\r\n(?=[ \t])/g, "").split("\r\n");
  return new Map(
    lines.map((line) => {
      const [name = "", ...value] = line.split(":");
      return [name.toLowerCase(), value.join(":").trim()];
    }),
  );
}

/**
 * A parameter: a token or a quoted string. Some clients do not escape the backslashes in a quoted string,
 * so one that would not end by the standard ends at a quote before `;` or at the end.
 */
const PARAMETER =
  /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"(?=\s*(?:;|$))|"(.*?)"(?=\s*(?:;|$))|([^\s;]*))/gs;

/** The parameters of a header field by their names in lower case, without the escapes of quoted strings. */
function parseParameters(text: string): ReadonlyMap<string, string> {
  const entries = [...text.matchAll(PARAMETER)].map(
    ([, name = "", quoted, lenient, token = ""]) => {
      const unescaped = quoted?.replace(/\\(["\\])|%22/g, (_, escaped?: string) => escaped ?? '"');
      return [name.toLowerCase(), unescaped ?? lenient ?? token] as const;
    },
  );
  return new Map(entries);
}

/** The value of a parameter such as `filename*`, which RFC 8187 encodes: UTF-8''%E2%82%AC.txt */
function extendedValue(text: string | undefined): string | undefined {
  const [, charset = "", encoded = ""] =
    /^(utf-?8|us-ascii|iso-8859-1)'[\w-]*'(.*)$/i.exec(text ?? "") ?? [];
  if (encoded === "") return undefined;
  const latin1 = encoded.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const isLatin1 = charset.toLowerCase() === "iso-8859-1";
  return isLatin1 ? latin1 : Buffer.from(latin1, "latin1").toString();
}
