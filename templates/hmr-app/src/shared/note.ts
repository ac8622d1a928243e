// A note and the schema of its form. The page validates a note before it sends it, the server when it receives it.
import { z } from "./zod.ts";

/** The body of `POST /api/notes`. */
export const newNote = z.object({
  text: z
    .string()
    .trim()
    .min(1, "Write something first.")
    // `max` would count an emoji as two.
    .refine((text) => Array.from(text).length <= 200, "A note has at most 200 characters."),
});

export interface Note {
  readonly id: string;
  readonly text: string;
  /** When it was written, as an ISO 8601 date. */
  readonly at: string;
}
