// The protocol: every frame between client and server. Server, page and tests import it from here.
import { z } from "zod";
import { LIMITS, ROOM } from "./limits.ts";

/** Counts up when a change breaks old clients; `welcome` tells it. */
export const PROTOCOL = 1;

/** Something that can be seen. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Control characters and those that turn the direction of text: they let a name pose as another. */
const DECEPTIVE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;

const token = z.string().min(1).max(LIMITS.token);
const ref = z.union([token, z.number()]);
const room = z.string().regex(ROOM, "Use 1 to 64 letters, digits and _ . : - for a room.");
const text = z
  .string()
  .regex(/\S/, "Write something.")
  .refine((value) => !isTooLong(value), "The text is too long.")
  // A lone surrogate has no UTF-8: what is stored would differ from what is sent.
  .transform((value) => value.toWellFormed());

/** Someone: their id, the person as the server names them, or a name that one person online goes by. */
const receiver = z.union([token, z.object({ id: token }).transform(({ id }) => id)]);

/** Where a client stopped reading: `offset` counts the messages of a room within one `epoch`. */
const position = z.object({
  epoch: z.string().max(LIMITS.token),
  offset: z.int().min(0),
});

/** Body of `POST /api/session`. */
export const sessionSchema = z.object({
  name: z
    .string()
    .transform((name) => name.toWellFormed().normalize("NFC").trim())
    .pipe(
      z
        .string()
        .regex(VISIBLE, "Say how to call you.")
        .max(LIMITS.name, `Use at most ${LIMITS.name} characters.`)
        .refine((name) => !DECEPTIVE.test(name), "Use visible characters only."),
    ),
});

/** What a client may send. Unknown fields are ignored, so that old servers understand new clients. */
export const clientFrameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("join"), ref, room, after: position.optional() }),
  z.object({ type: z.literal("leave"), ref, room }),
  z.object({ type: z.literal("chat"), ref, room, text, key: token }),
  z.object({ type: z.literal("private"), ref, to: receiver, text }),
  z.object({ type: z.literal("typing"), room }),
  z.object({ type: z.literal("ping"), ref }),
]);

/** More characters than `LIMITS.text`; a character beyond U+FFFF counts once. */
export function isTooLong(value: string): boolean {
  if (value.length <= LIMITS.text) return false;
  return value.length > 2 * LIMITS.text || [...value].length > LIMITS.text;
}

export type ClientFrame = z.output<typeof clientFrameSchema>;
export type Ref = z.output<typeof ref>;
export type Position = z.output<typeof position>;

/** Someone with a session. Names may repeat, ids don't. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

export interface ChatMessage extends Position {
  readonly type: "chat";
  readonly room: string;
  readonly from: Person;
  readonly text: string;
  /** When the server took it, ISO 8601. */
  readonly at: string;
}

/** Why a frame was refused; the README says more of each. */
export const errorCodes = [
  "invalid_json",
  "invalid_message",
  "not_in_room",
  "rate_limited",
  "too_long",
  "not_online",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The room as the joiner finds it. Without `recovered`, `messages` are the latest and may leave a gap. */
export interface Snapshot extends Position {
  readonly recovered: boolean;
  readonly messages: readonly ChatMessage[];
  readonly members: readonly Person[];
}

export type OkFrame =
  | ({ readonly type: "ok"; readonly ref: Ref; readonly room: string } & Snapshot)
  | ({ readonly type: "ok"; readonly ref: Ref; readonly room: string } & Position)
  | { readonly type: "ok"; readonly ref: Ref; readonly room?: string };

/** What the server sends. */
export type ServerFrame =
  | { readonly type: "welcome"; readonly you: Person; readonly protocol: typeof PROTOCOL }
  | OkFrame
  | ChatMessage
  | {
      readonly type: "private";
      readonly from: Person;
      readonly text: string;
      readonly at: string;
    }
  | { readonly type: "user-joined"; readonly room: string; readonly user: Person }
  | { readonly type: "user-left"; readonly room: string; readonly user: Person }
  | { readonly type: "typing"; readonly room: string; readonly from: Person }
  | { readonly type: "pong"; readonly ref: Ref }
  | {
      readonly type: "error";
      readonly ref?: Ref;
      readonly code: ErrorCode;
      readonly message: string;
    };
