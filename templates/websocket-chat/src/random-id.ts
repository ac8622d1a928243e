// Ids that nobody can guess and nobody else has. Short, because every message carries two.

/** 96 random bits in 16 characters that are safe in JSON, URLs and keys. */
export function randomId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("base64url");
}
