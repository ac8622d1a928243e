// Every bound of the protocol in one place, without imports: the page uses them, too.

export const LIMITS = {
  /** Bytes of a frame; the runtime closes the connection with 1009 when one is longer. */
  frameBytes: 64 * 1024,
  /** Characters (Unicode code points) of a message. */
  text: 4000,
  /** UTF-16 units of a person's name. */
  name: 64,
  /** UTF-16 units of a `ref`, a `key`, an id or an epoch. */
  token: 128,
  /** Rooms that one connection may be in. */
  roomsPerConnection: 50,
  /** Messages of a room that are kept, and can be recovered. */
  history: 1000,
  /** Messages that a join without a position, or without recovery, gets. */
  latest: 50,
  /** Bytes that may wait for a slow reader before its connection is closed. */
  sendBufferBytes: 1024 * 1024,
  /** Milliseconds between two `typing` of a person in a room. */
  typingMs: 2000,
  /** Latest messages whose keys the SQLite store remembers: a repeated key gives the first answer again. */
  keys: 50_000,
  /** Milliseconds that the Redis store remembers a key. */
  keyMs: 24 * 60 * 60 * 1000,
  /** Milliseconds after which Redis forgets the messages of a room that nobody writes to. */
  messagesMs: 30 * 24 * 60 * 60 * 1000,
} as const;

/** The one grammar of room names: letters, digits and `_ . : -`, 1 to 64, a letter or digit first. */
export const ROOM = /^[A-Za-z0-9][\w.:-]{0,63}$/;
