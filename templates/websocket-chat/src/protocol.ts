// The protocol: every frame between client and server. The server, the client and the page share it.
import { z } from "zod";
import { LIMITS, ROOM } from "./limits.ts";

/** Version of the protocol, sent in `welcome`. Increase it with a change that old clients cannot handle, such as a new kind of event. */
export const PROTOCOL = 1;

/** A message needs at least one visible character: one that is not blank, a control character or ignorable. */
export const VISIBLE_TEXT = /[^\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** A name needs at least one letter, digit, punctuation mark or symbol. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;
/**
 * Pictographs that contain invisible characters: a keycap, the flag of a part of the United Kingdom, or one or several
 * pictographs, each with a skin tone, and a joiner between them.
 */
const PICTOGRAPH =
  /[\d#*]\ufe0f?\u20e3|\u{1f3f4}\u{e0067}\u{e0062}[\u{e0061}-\u{e007a}]{3}\u{e007f}|\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?(?:\u200d\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)*/gu;
/** Invisible characters that spelling needs: ZWNJ between Arabic letters, and ZWNJ or ZWJ after an Indic virama. */
const JOINER =
  /(?<=\p{scx=Arabic})\u200c(?=\p{scx=Arabic})|(?<=[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca])[\u200c\u200d](?=\p{L})/gu;
/** Characters that are invisible or change the text direction. A name that contains them could imitate another one. */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{16fe4}\u{1d159}\u{13441}\u{13442}]/u;

const token = z.string().min(1).max(LIMITS.token);
const ref = z.union([token, z.number()]);
const room = z.string().regex(ROOM, "Use 1 to 64 letters, digits and _ . : - for a room.");
const text = z
  .string()
  .regex(VISIBLE_TEXT, "Enter a message.")
  .refine((value) => !isTooLong(value), "The text is too long.")
  // A lone surrogate cannot be encoded in UTF-8: the stored text would differ from the one sent.
  .transform((value) => value.toWellFormed());

const offset = z.int().min(0);

/** A client's position in a room: `offset` counts the room's events within one `epoch`. */
const position = z.object({ epoch: z.string().max(LIMITS.token), offset });

/** Stores encode keys in UTF-8, in which all lone surrogates are the same character. */
const key = token.refine((value) => value.isWellFormed(), "Use a key without lone surrogates.");
const event = { ref, room, key };

/**
 * The kinds of events: frames that the room's log stores. `target` is the offset of the message that an event is
 * about. The type check reports the other files in which a new kind needs an entry.
 */
export const eventSchemas = {
  chat: z.object({ type: z.literal("chat"), ...event, text }),
  // #region edits
  edit: z.object({ type: z.literal("edit"), ...event, target: offset, text }),
  delete: z.object({ type: z.literal("delete"), ...event, target: offset }),
  // #endregion
  // #region reactions
  react: z.object({
    type: z.literal("react"),
    ...event,
    target: offset,
    emoji: z.string().regex(/^\p{RGI_Emoji}$/v, "Use one emoji."),
    on: z.boolean(),
  }),
  // #endregion
};

// #region private
/**
 * `{ id }`, or a string: the id of an online user, otherwise a name that exactly one online user has. A string that
 * looks like an id (see `isId`) is never taken for a name.
 */
const receiver = z.union([token, z.object({ id: token })]);

// #endregion
/** Body of `POST /api/session`. */
export const sessionSchema = z.object({
  name: z
    .string()
    .transform((name) => name.toWellFormed().normalize("NFC").trim())
    .pipe(
      z
        .string()
        .regex(VISIBLE, { error: "Enter a name with visible characters.", abort: true })
        .max(LIMITS.name, `Use at most ${LIMITS.name} characters.`)
        .refine(
          (name) => !INVISIBLE.test(name.replace(PICTOGRAPH, "").replace(JOINER, "")),
          "Use visible characters and spaces only.",
        ),
    )
    .transform((name) => name.replace(/\s+/g, " ")),
});

/** The frames that clients send. Unknown fields are ignored, so that a server accepts a newer client of the same protocol. */
export const clientFrameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("join"), ref, room, after: position.optional() }),
  z.object({ type: z.literal("leave"), ref, room }),
  ...Object.values(eventSchemas),
  // #region private
  z.object({ type: z.literal("private"), ref, to: receiver, text }),
  // #endregion
  // #region typing
  z.object({ type: z.literal("typing"), room }),
  // #endregion
  z.object({ type: z.literal("ping"), ref }),
]);

/** Reads `ref` and `text` of a refused frame if they are valid: the error repeats `ref`, and `text` may be too long. */
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
export type FrameOf<T extends ClientFrame["type"]> = Extract<ClientFrame, { type: T }>;
export type Ref = z.output<typeof ref>;
export type Position = z.output<typeof position>;
export type EventKind = keyof typeof eventSchemas;

/** A user with a session. Names may repeat, ids are unique. */
export interface User {
  readonly id: string;
  readonly name: string;
}

/** The current state of a message: the result of applying its events in order. */
export interface Message {
  readonly offset: number;
  readonly from: User;
  readonly text: string;
  /** When the server received it, in ISO 8601. */
  readonly at: string;
  /** The sender's idempotency key. */
  readonly key: string;
  // #region edits
  readonly edited?: true;
  // #endregion
  // #region reactions
  /** Missing if the message was stored without the feature `reactions`. */
  readonly reactions?: readonly { readonly emoji: string; readonly users: readonly User[] }[];
  // #endregion
}

/** The frame of one kind of event, as the room's log stores it and as members receive it. */
export type EventOf<K extends EventKind> = Omit<FrameOf<K>, "ref" | "text"> &
  Position & {
    readonly from: User;
    readonly at: string;
    /** Left out if the message was deleted later, and by kinds that have no text. */
    readonly text?: string;
  };
export type RoomEvent = { [K in EventKind]: EventOf<K> }[EventKind];

/** Why a frame was refused, and whether sending it again can succeed. The README explains each code. */
export const ERRORS = {
  invalid_json: { retry: false },
  invalid_message: { retry: false },
  not_in_room: { retry: false },
  not_found: { retry: false },
  forbidden: { retry: false },
  too_long: { retry: false },
  too_many_rooms: { retry: false },
  rate_limited: { retry: true },
  // #region private
  not_online: { retry: true },
  // #endregion
  internal: { retry: true },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** Close codes of the server, besides those of RFC 6455. */
export const CLOSE = {
  /** The server restarts, or deliveries were lost: connect again and recover. */
  restart: 1012,
  /** The client reads too slowly: connect again and recover. */
  slowConsumer: 1013,
  /** The user has signed out. */
  signedOut: 4001,
  /** The session has expired: sign in again. */
  sessionExpired: 4002,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** A room at the time of a join. */
export type Snapshot = Position & { readonly members: readonly User[] } & (
    | {
        /** `messages` are exactly the events after the position of the client, up to the position of this one. */
        readonly recovered: true;
        readonly messages: readonly RoomEvent[];
      }
    | {
        /** `messages` is the current state of the newest messages, possibly after a gap. */
        readonly recovered: false;
        readonly messages: readonly Message[];
      }
  );

export type OkFrame =
  // To a join, or to an event.
  | ({ readonly type: "ok"; readonly ref: Ref; readonly room: string } & (Snapshot | Position))
  // To any other frame.
  | { readonly type: "ok"; readonly ref: Ref; readonly room?: string };

/** The frames that the server sends. Besides `ok`, only events may have a field `offset`: `isEvent` relies on that. */
export type ServerFrame =
  | { readonly type: "welcome"; readonly you: User; readonly protocol: number }
  | OkFrame
  | RoomEvent
  // #region private
  | { readonly type: "private"; readonly from: User; readonly text: string; readonly at: string }
  // #endregion
  | { readonly type: "user-joined"; readonly room: string; readonly user: User }
  | { readonly type: "user-left"; readonly room: string; readonly user: User }
  // #region typing
  | { readonly type: "typing"; readonly room: string; readonly from: User }
  // #endregion
  | { readonly type: "pong"; readonly ref: Ref }
  | {
      readonly type: "error";
      readonly ref?: Ref | undefined;
      readonly code: ErrorCode;
      readonly message: string;
      /** Whether the same frame can succeed later. */
      readonly retry: boolean;
    };

/** Whether the frame is an event of a room's log, of any kind: the log may have kinds that are not in `eventSchemas`. */
export function isEvent(frame: ServerFrame): frame is RoomEvent {
  return "offset" in frame && frame.type !== "ok";
}

/** The offset of the message that the event is about; undefined if the event starts a message. */
export function targetOf(event: RoomEvent): number | undefined {
  return (event as { readonly target?: number }).target;
}
