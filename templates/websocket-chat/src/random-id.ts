// Random ids that cannot be guessed. They are short, because every message carries two of them.

/** 96 random bits as 16 base64url characters. */
export function randomId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("base64url");
}
// #region private

/** Whether the text has the form of an id. */
export function isId(text: string): boolean {
  return /^[\w-]{16}$/.test(text);
}
// #endregion
