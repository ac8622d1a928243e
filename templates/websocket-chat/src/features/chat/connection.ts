// One WebSocket connection: the user's session, the rooms that it has joined, and what is sent to it.
import type { ServerWebSocket } from "bun";
import { log } from "#lib/log";
import { canJoin } from "../../can-join.ts";
import { FrameError } from "../../frame-error.ts";
import { LIMITS } from "../../limits.ts";
import {
  CLOSE,
  type CloseCode,
  type FrameOf,
  PROTOCOL,
  type ServerFrame,
  type User,
} from "../../protocol.ts";
import type { Session } from "../session/cookie.ts";
import { type Hub, roomTopic, userTopic } from "./hub.ts";
import { encodeJoinReply, type JoinReply, membershipChanges, type Recording } from "./join.ts";
import { logPresenceError, type Member } from "./presence/presence.ts";
import type { History } from "./room-log/room-log.ts";
import type { Stores } from "./stores.ts";

/** The dependencies that all connections of a node share. */
export interface Chat {
  readonly hub: Hub;
  readonly stores: Stores;
}

/** Refuse a join if `canJoin` takes longer than this many milliseconds: other frames of the connection wait for it. */
const CAN_JOIN_TIMEOUT_MS = 5000;
/** Frames that a replay sends in one write: one write each would take most of the time of a join to a room with thousands of users. */
const FRAMES_PER_WRITE = 100;
/** A timer cannot run for more than 25 days, so the expiry of a session that lasts longer is checked every day. */
const CHECK_EXPIRY_MS = 24 * 60 * 60 * 1000;

export class Connection implements Member {
  user: User;
  /**
   * The rooms that this connection has joined. Change it and call the presence without an `await` in between: `closed` and
   * `rename`, which could run there, update the presence of exactly these rooms.
   */
  readonly rooms = new Set<string>();
  /** The join or leave in progress: frames that the client sends after it have to wait for it. */
  pendingRoomChange: Promise<void> | undefined;
  /** Characters of the frames that wait for `pendingRoomChange`. */
  #waitingCharacters = 0;
  #socket: ServerWebSocket<Connection> | undefined;
  /** Resolves when the client has read some of what is queued for it. */
  #drain: PromiseWithResolvers<void> | undefined;
  /** Bytes that were buffered when the join reply was sent. The slow-consumer limit excludes them until the replay has ended. */
  #uncountedBytes = 0;
  #expiry: Timer | undefined;

  constructor(
    readonly chat: Chat,
    public session: Session,
  ) {
    this.user = session.user;
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Bytes that the client has not read and that count for the slow-consumer limit. */
  get bufferedBytes(): number {
    return Math.max(0, (this.#socket?.getBufferedAmount() ?? 0) - this.#uncountedBytes);
  }

  opened(socket: ServerWebSocket<Connection>): void {
    this.#socket = socket;
    this.session = this.chat.hub.latestSession(this.session);
    this.user = this.session.user;
    socket.subscribe(userTopic(this.user.id));
    this.send({ type: "welcome", you: this.user, protocol: PROTOCOL });
    this.#closeAtExpiry();
    this.chat.stores.presence.connect(this).catch(logPresenceError);
    this.chat.hub.connect(this);
  }

  drained(): void {
    this.#drain?.resolve();
    this.#drain = undefined;
  }

  closed(): void {
    const { hub, stores } = this.chat;
    this.#socket = undefined;
    clearTimeout(this.#expiry);
    this.drained();
    hub.disconnect(this);
    for (const room of this.rooms) stores.presence.leave(room, this).catch(logPresenceError);
    this.rooms.clear();
    stores.presence.disconnect(this).catch(logPresenceError);
  }

  close(code: CloseCode, reason: string): void {
    this.#socket?.close(code, reason);
  }

  /** Gives the user a new name, in every room. Renaming extends the session. */
  rename(session: Session): void {
    this.user = session.user;
    if (session.id === this.session.id) {
      this.session = session;
      this.#closeAtExpiry();
    }
    const { presence } = this.chat.stores;
    presence.connect(this).catch(logPresenceError);
    for (const room of this.rooms) presence.join(room, this).catch(logPresenceError);
  }

  join(frame: FrameOf<"join">): Promise<void> {
    return this.#setPendingRoomChange(this.#join(frame));
  }

  leave(frame: FrameOf<"leave">): Promise<void> {
    return this.#setPendingRoomChange(this.#leave(frame));
  }

  /** @throws {FrameError} `not_in_room` */
  requireMembership(room: string): void {
    if (!this.rooms.has(room)) throw new FrameError("not_in_room", `You are not in ${room}.`);
  }

  /** Counts a frame that waits for `pendingRoomChange`. @throws {FrameError} `rate_limited` if too many wait. */
  startWaiting(characters: number): void {
    if (this.#waitingCharacters + characters > LIMITS.waitingCharacters) {
      const detail = "Too many frames wait for a join or a leave: send this one again later.";
      throw new FrameError("rate_limited", detail);
    }
    this.#waitingCharacters += characters;
  }

  stopWaiting(characters: number): void {
    this.#waitingCharacters -= characters;
  }

  send(frame: ServerFrame): void {
    this.#sendEncoded([JSON.stringify(frame)]);
  }

  #closeAtExpiry(): void {
    clearTimeout(this.#expiry);
    const lifeMs = this.session.expires - Date.now();
    this.#expiry = setTimeout(
      () => {
        if (lifeMs > CHECK_EXPIRY_MS) this.#closeAtExpiry();
        else this.close(CLOSE.sessionExpired, "The session has expired.");
      },
      Math.min(lifeMs, CHECK_EXPIRY_MS),
    );
  }

  /** Lets `handleFrame` hold later frames until the join or leave has ended. */
  #setPendingRoomChange(roomChange: Promise<void>): Promise<void> {
    const done = () => {
      this.pendingRoomChange = undefined;
    };
    this.pendingRoomChange = roomChange.then(done, done);
    return roomChange;
  }

  async #join({ ref, room, after }: FrameOf<"join">): Promise<void> {
    const { hub, stores } = this.chat;
    if (!this.rooms.has(room) && this.rooms.size >= LIMITS.roomsPerConnection) {
      const detail = `You are in ${LIMITS.roomsPerConnection} rooms: leave one first.`;
      throw new FrameError("too_many_rooms", detail);
    }
    // A rejoin unsubscribes first; otherwise events in the snapshot would be delivered twice.
    this.#socket?.unsubscribe(roomTopic(room));
    using recording = hub.record(room);
    let history: History;
    let members: readonly User[];
    try {
      if (!(await canJoinInTime(this.user, room))) {
        throw new FrameError("forbidden", `You may not join ${room}.`);
      }
      if (!this.#socket) return;
      this.rooms.add(room);
      members = await stores.presence.join(room, this);
      history = await stores.log.read(room, after);
    } catch (error) {
      // The error frame says that the client is not in the room, so the room must not list the user either.
      if (this.rooms.delete(room)) stores.presence.leave(room, this).catch(logPresenceError);
      throw error;
    }
    const sent = await this.#replay({ ref, room, history, members }, recording);
    // No `await` from here to `subscribe`: a frame that is delivered in between would be missed.
    const missed = recording.framesAfter(room, sent.offset, sent.members);
    this.#sendEncoded(missed);
    this.#socket?.subscribe(roomTopic(room));
  }

  /**
   * Sends the reply to a join, then the members and events that do not fit into it. While the client reads slowly, or the
   * log has more events, the recording is paused to save memory. What it then misses is read from the stores, until nothing
   * is missing. Closes the connection if a read fails, because the client already has the reply to its join.
   * @returns the offset of the last event that was sent, and the members that were sent.
   */
  async #replay(reply: JoinReply, recording: Recording) {
    const { frame, rest } = encodeJoinReply(reply);
    const { hub, stores } = this.chat;
    const { room } = reply;
    let { history, members } = reply;
    if (history.hasMore) recording.pause();
    this.#socket?.send(frame);
    this.#uncountedBytes = this.#socket?.getBufferedAmount() ?? 0;
    try {
      await this.#sendPaced(rest, recording);
      while (recording.isPaused && this.isOpen) {
        // Resume first: a frame between the reads and the resume would be missed.
        recording.resume();
        const before = members;
        // The connection is a member already, so this only reads the others.
        members = await stores.presence.join(room, this);
        history = await stores.log.read(room, history); // the events after those in `history`
        if (!history.recovered) {
          hub.closeSlowConsumer(this);
          break;
        }
        if (history.hasMore) recording.pause();
        const changes = membershipChanges(room, before, members);
        await this.#sendPaced([...changes, ...history.entries], recording);
      }
    } catch (error) {
      log.warn("a replay failed: {error}", { error });
      this.close(CLOSE.restart, "The room cannot be read: connect again.");
    }
    this.#uncountedBytes = 0;
    return { offset: history.offset, members };
  }

  /** Sends frames as fast as the client reads them. If it reads slowly, the recording is paused. */
  async #sendPaced(frames: readonly string[], recording: Recording): Promise<void> {
    await this.#catchUp(recording);
    for (let sent = 0; sent < frames.length; sent += FRAMES_PER_WRITE) {
      this.#sendEncoded(frames.slice(sent, sent + FRAMES_PER_WRITE));
      await this.#catchUp(recording);
    }
  }

  async #catchUp(recording: Recording): Promise<void> {
    if (!this.#isBehind) return;
    recording.pause();
    while (this.#isBehind) await this.#waitForDrain();
  }

  /** Whether the send buffer is more than half full. */
  get #isBehind(): boolean {
    return (this.#socket?.getBufferedAmount() ?? 0) > LIMITS.sendBufferBytes / 2;
  }

  /** Resolves when the client has read something or is gone; one that reads nothing is disconnected. */
  async #waitForDrain(): Promise<void> {
    if (!this.#socket) return;
    this.#drain ??= Promise.withResolvers();
    const { hub } = this.chat;
    const timer = setTimeout(() => hub.closeSlowConsumer(this), hub.replayTimeoutMs);
    await this.#drain.promise;
    clearTimeout(timer);
  }

  async #leave({ ref, room }: FrameOf<"leave">): Promise<void> {
    this.requireMembership(room);
    // Before the wait: otherwise a rename during the wait would add the user to the room again.
    this.rooms.delete(room);
    const { presence } = this.chat.stores;
    try {
      await presence.leave(room, this);
    } catch (error) {
      // The client is still in the room and can repeat the leave, so the room must list the user again.
      if (this.#socket) {
        this.rooms.add(room);
        presence.join(room, this).catch(logPresenceError);
      }
      throw error;
    }
    this.#socket?.unsubscribe(roomTopic(room));
    this.send({ type: "ok", ref, room });
  }

  #sendEncoded(frames: readonly string[]): void {
    // The cork sends these frames and the published frames that are queued before them in one write.
    this.#socket?.cork((socket) => {
      for (const frame of frames) socket.send(frame);
    });
    if (this.bufferedBytes > LIMITS.sendBufferBytes) this.chat.hub.closeSlowConsumer(this);
  }
}

/** @throws {Error} if `canJoin` has not decided after `CAN_JOIN_TIMEOUT_MS`. */
async function canJoinInTime(user: User, room: string): Promise<boolean> {
  const timeout = Promise.withResolvers<never>();
  const error = new Error(`canJoin has not decided about ${room} in ${CAN_JOIN_TIMEOUT_MS} ms.`);
  const timer = setTimeout(timeout.reject, CAN_JOIN_TIMEOUT_MS, error);
  try {
    return await Promise.race([canJoin(user, room), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
