// Text that every engine can store and return unchanged.
import { z } from "zod";

/** Control characters except tabs and line ends. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;

/** Valid Unicode of `min` to `max` UTF-16 code units, without control characters. */
export function text(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine((value) => value.isWellFormed() && !CONTROL.test(value), {
      error: "must be valid Unicode, without control characters",
    });
}
