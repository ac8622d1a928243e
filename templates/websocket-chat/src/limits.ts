// Limits of frames, rooms and stores. The page imports this file too, so it must not import server code.

export const LIMITS = {
  /** Bytes of a frame; the runtime closes the connection with 1009 if a frame is longer. */
  frameBytes: 64 * 1024,
  /** Characters (Unicode code points) of a message. */
  text: 4000,
  /** UTF-16 code units of a user's name. */
  name: 64,
  /** UTF-16 code units of a `ref`, a `key`, an id or an epoch. */
  token: 128,
  /** Rooms that one connection may be in. */
  roomsPerConnection: 50,
  /** Characters of the frames that wait until a join or a leave of their connection has ended. */
  waitingCharacters: 256 * 1024,
  /** Messages to retain per room. */
  messages: 1000,
  /**
   * Events to retain per room, so that clients can recover them. An event that is not a message is deleted earlier if more
   * than `messages` messages are newer.
   */
  events: 5000,
  /** Messages that a join returns at most if it does not recover. */
  latest: 50,
  /**
   * Limit, in bytes, of the events that one read of a room log returns, and of the messages in the reply to a join. A client
   * that gets no complete frame for some seconds reconnects, so a long reply would take many attempts over a slow network.
   */
  replyBytes: 256 * 1024,
  /** Members in a join reply, so that the reply stays short on a slow network. The others follow as `user-joined` frames. */
  replyMembers: 500,
  // #region reactions
  /** Different emoji per message. */
  emoji: 20,
  /** Reactions per message, of all users. Each makes the message longer, and a join reply has a limited length. */
  reactions: 500,
  // #endregion
  /** Bytes that may be queued for a slow consumer before its connection is closed. */
  sendBufferBytes: 768 * 1024,
  // #region typing
  /** Milliseconds between two `typing` frames of one user in one room. */
  typingMs: 2000,
  // #endregion
  /** The SQLite log remembers at least this many idempotency keys, and at most twice as many. */
  keys: 50_000,
  // #region redis
  /** Milliseconds for which Redis remembers an idempotency key. */
  keyMs: 24 * 60 * 60 * 1000,
  /** Milliseconds without a new event after which Redis drops the messages of a room. */
  roomMs: 30 * 24 * 60 * 60 * 1000,
  /** Milliseconds after which Redis drops a room without events, of which it stores only the epoch. */
  emptyRoomMs: 10 * 60 * 1000,
  // #endregion
} as const;

/** Room names: 1 to 64 letters, digits and `_ . : -`, starting with a letter or a digit. */
export const ROOM = /^[A-Za-z0-9][\w.:-]{0,63}$/;
