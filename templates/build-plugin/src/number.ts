// Detects numbers in a file that lose digits as JavaScript numbers.

/** The message for a literal that loses digits. */
export const LOST_DIGITS = "a number can't hold all of these digits: put them in quotes";

/** `Number.prototype.toPrecision` returns at most this many digits. */
const MAX_DIGITS = 100;

/**
 * Returns whether a number keeps all digits of a decimal literal. True for `1.10`, and for `0.10000000000000001`, which
 * other languages print for 0.1; false for `9007199254740993`, `123456789012345664` (which JavaScript prints as
 * `123456789012345660`), `1e400` and `3.14159265358979323846`.
 */
export function keepsDigits(literal: string): boolean {
  const value = Number(literal);
  const digits = significantDigits(literal);
  if (digits === "") return value === 0;
  if (!Number.isFinite(value) || digits.length > MAX_DIGITS) return false;
  // JavaScript prints the shortest digits that identify a number.
  if (significantDigits(String(value)) === digits) return true;
  // A fraction may also have more digits of its exact value, as other languages print them.
  return !Number.isInteger(value) && significantDigits(value.toPrecision(digits.length)) === digits;
}

/**
 * Returns the digits without sign, decimal point, exponent, and leading and trailing zeros. Without the lookbehind, the time
 * for a million zeros in the middle would be quadratic.
 */
function significantDigits(literal: string): string {
  return literal
    .replace(/e.*$/i, "")
    .replaceAll(/\D/g, "")
    .replaceAll(/^0+|(?<=[1-9])0+$/g, "");
}
