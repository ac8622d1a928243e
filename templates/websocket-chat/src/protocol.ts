// The protocol: every frame between client and server. The server, the client and the page share it.
import { z } from "zod";
import { LIMITS, ROOM } from "./limits.ts";

/** Version of the protocol, sent in `welcome`. Increase it with a change that breaks old clients. */
export const PROTOCOL = 1;

/** A name needs at least one visible character. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/** Control characters and bidirectional overrides: with them a name could imitate another one. */
const DECEPTIVE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u;

const token = z.string().min(1).max(LIMITS.token);
const ref = z.union([token, z.number()]);
const room = z.string().regex(ROOM, "Use 1 to 64 letters, digits and _ . : - for a room.");
const text = z
  .string()
  .regex(/\S/, "Enter a message.")
  .refine((value) => !isTooLong(value), "The text is too long.")
  // A lone surrogate cannot be encoded in UTF-8: the stored text would differ from the one sent.
  .transform((value) => value.toWellFormed());

/** A user: their id, the user object from another frame, or a name that exactly one online user has. */
const receiver = z.union([token, z.object({ id: token }).transform(({ id }) => id)]);

/** A client's position in a room: `offset` counts the room's messages within one `epoch`. */
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
        .regex(VISIBLE, "Enter a name with visible characters.")
        .max(LIMITS.name, `Use at most ${LIMITS.name} characters.`)
        .refine((name) => !DECEPTIVE.test(name), "Use visible characters only."),
    ),
});

/** The frames that clients send. Unknown fields are ignored, so that an old server accepts a new client. */
export const clientFrameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("join"), ref, room, after: position.optional() }),
  z.object({ type: z.literal("leave"), ref, room }),
  z.object({ type: z.literal("chat"), ref, room, text, key: token }),
  z.object({ type: z.literal("private"), ref, to: receiver, text }),
  z.object({ type: z.literal("typing"), room }),
  z.object({ type: z.literal("ping"), ref }),
]);

/** What an error for a refused frame needs from it, as far as that is valid. */
export const refusedFrameSchema = z
  .object({
    ref: ref.optional().catch(undefined),
    text: z.string().optional().catch(undefined),
  })
  .catch({});

/** Whether the text has more than `LIMITS.text` characters; a character beyond U+FFFF counts as one. */
export function isTooLong(value: string): boolean {
  if (value.length <= LIMITS.text) return false;
  return value.length > 2 * LIMITS.text || [...value].length > LIMITS.text;
}

export type ClientFrame = z.output<typeof clientFrameSchema>;
export type Ref = z.output<typeof ref>;
export type Position = z.output<typeof position>;

/** A user with a session. Names may repeat, ids are unique. */
export interface User {
  readonly id: string;
  readonly name: string;
}

export interface ChatMessage extends Position {
  readonly type: "chat";
  readonly room: string;
  readonly from: User;
  readonly text: string;
  /** When the server received it, in ISO 8601. */
  readonly at: string;
}

/** Why a frame was refused; the README explains each code. */
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

/** A room at the time of a join. Unless it is `recovered`, `messages` are the newest ones, possibly after a gap. */
export interface Snapshot extends Position {
  readonly recovered: boolean;
  readonly messages: readonly ChatMessage[];
  readonly members: readonly User[];
}

export type OkFrame =
  | ({ readonly type: "ok"; readonly ref: Ref; readonly room: string } & Snapshot)
  | ({ readonly type: "ok"; readonly ref: Ref; readonly room: string } & Position)
  | { readonly type: "ok"; readonly ref: Ref; readonly room?: string };

/** The frames that the server sends. */
export type ServerFrame =
  | { readonly type: "welcome"; readonly you: User; readonly protocol: typeof PROTOCOL }
  | OkFrame
  | ChatMessage
  | {
      readonly type: "private";
      readonly from: User;
      readonly text: string;
      readonly at: string;
    }
  | { readonly type: "user-joined"; readonly room: string; readonly user: User }
  | { readonly type: "user-left"; readonly room: string; readonly user: User }
  | { readonly type: "typing"; readonly room: string; readonly from: User }
  | { readonly type: "pong"; readonly ref: Ref }
  | {
      readonly type: "error";
      readonly ref?: Ref;
      readonly code: ErrorCode;
      readonly message: string;
    };
