// The state of the page: conversations, their members, and messages that are not sent yet. It has no DOM.
import { applyEvent } from "../../apply-event.ts";
import type { Unsent } from "../../client/client.ts";
import {
  isEvent,
  type Message,
  type RoomEvent,
  type ServerFrame,
  type Snapshot,
  targetOf,
  type User,
} from "../../protocol.ts";
import { labels } from "./names.ts";

export interface Line {
  /** Unique within the conversation. */
  readonly key: string;
  readonly from: User;
  readonly text: string;
  readonly at: string;
  readonly state: "sent" | "waiting" | "failed" | "gap";
  readonly note?: string;
  /** The message of a room that the line shows. */
  readonly message?: Message;
}

export interface Conversation {
  readonly kind: "room" | "user";
  /** Name of the room, or id of the user. */
  readonly id: string;
  title: string;
  lines: Line[];
  members: Map<string, User>;
  // #region typing
  /** Users who typed, with the time of their latest `typing` frame in milliseconds. */
  typing: Map<string, number>;
  // #endregion
  unread: number;
  /** Text that was typed but not sent. */
  draft: string;
  /** Why the user is not in the room, if the server has refused the join. */
  problem: string;
}

/** Lines to retain per conversation. */
const MAX_LINES = 500;
// #region typing
/** A user counts as typing for this long after a `typing` frame. */
const TYPING_MS = 4000;
// #endregion
const nobody: User = { id: "", name: "" };

export class Model {
  readonly conversations = new Map<string, Conversation>();
  current: Conversation | undefined;
  /** Whether the page is visible: messages in a hidden page stay unread. */
  isVisible = true;
  /** The current name of each user who is shown; old messages contain older names. */
  readonly #names = new Map<string, string>();
  #labels: ReadonlyMap<string, string> | undefined;
  // #region private
  #privateLines = 0;
  // #endregion

  constructor(public me: User) {
    this.#names.set(me.id, me.name);
  }

  open(kind: Conversation["kind"], id: string, title = id): Conversation {
    const key = `${kind}:${id}`;
    const known = this.conversations.get(key);
    if (known) return known;
    const conversation: Conversation = {
      kind,
      id,
      title,
      lines: [],
      members: new Map(),
      // #region typing
      typing: new Map(),
      // #endregion
      unread: 0,
      draft: "",
      problem: "",
    };
    this.conversations.set(key, conversation);
    return conversation;
  }
  // #region private

  isOpen(conversation: Conversation): boolean {
    return this.conversations.get(`${conversation.kind}:${conversation.id}`) === conversation;
  }
  // #endregion

  /** Removes the conversation. @returns the one to show instead. */
  close({ kind, id }: Conversation): Conversation | undefined {
    this.conversations.delete(`${kind}:${id}`);
    return [...this.conversations.values()][0];
  }

  show(conversation: Conversation | undefined): void {
    this.current = conversation;
    if (conversation && this.isVisible) conversation.unread = 0;
  }

  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    if (isVisible) this.show(this.current);
  }

  /** The next or the previous conversation in the list, which shows the rooms first; it wraps around. */
  neighbour(step: 1 | -1): Conversation | undefined {
    const all = [...this.conversations.values()].sort((a, b) => a.kind.localeCompare(b.kind));
    const index = this.current ? all.indexOf(this.current) : -1;
    return all.at((index + step) % all.length);
  }

  /** The name to show for a user, with a tag if another name looks the same. */
  labelOf({ id, name }: User): string {
    this.#labels ??= this.#makeLabels();
    return this.#labels.get(id) ?? name;
  }

  /** @param isFirst whether the room was opened just now: its messages are then history, not unread. */
  joined(room: string, snapshot: Snapshot, isFirst: boolean): void {
    const conversation = this.#room(room);
    if (!conversation) return;
    conversation.problem = "";
    conversation.members = new Map(snapshot.members.map((user) => [user.id, user]));
    for (const user of snapshot.members) this.#rename(user);
    if (snapshot.recovered) for (const event of snapshot.messages) this.#apply(event);
    else this.#replace(conversation, snapshot, isFirst);
  }

  /** The server does not let the user into the room. */
  refused(room: string, problem: string): void {
    const conversation = this.#room(room);
    if (!conversation) return;
    conversation.problem = problem;
    conversation.members.clear();
  }

  /** Applies a frame of the server. Frames of a room that was left may still arrive; they are ignored. */
  receive(frame: ServerFrame): void {
    if (isEvent(frame)) {
      this.#apply(frame);
      return;
    }
    switch (frame.type) {
      case "welcome":
        this.#rename(frame.you);
        return;
      // #region private
      case "private":
        this.showPrivate(frame.from, frame);
        return;
      // #endregion
      case "user-joined":
        this.#rename(frame.user);
        this.#room(frame.room)?.members.set(frame.user.id, frame.user);
        return;
      case "user-left": {
        const conversation = this.#room(frame.room);
        conversation?.members.delete(frame.user.id);
        // #region typing
        conversation?.typing.delete(frame.user.id);
        // #endregion
        return;
      }
      // #region typing
      case "typing":
        this.#room(frame.room)?.typing.set(frame.from.id, Date.now());
        return;
      // #endregion
      case "ok":
      case "pong":
      case "error":
        // Nothing to show.
        return;
      default:
        // A new frame without its case fails the type check.
        frame satisfies never;
    }
  }
  // #region private

  /** Shows a private message, received or sent, in the conversation with the user. @returns the key of its line. */
  showPrivate(user: User, line: Pick<Line, "from" | "text" | "at"> & Partial<Line>): string {
    this.#rename(line.from);
    const conversation = this.open("user", user.id, user.name);
    const { key = `private/${++this.#privateLines}` } = line;
    this.#setLine(conversation, { state: "sent", ...line, key });
    return key;
  }
  // #endregion

  /** Shows a message that the server has not stored yet, or the note at the message that an event is about. */
  addUnsent(unsent: Unsent, note: string): void {
    const conversation = this.#room(unsent.room);
    if (!conversation) return;
    if (unsent.type !== "chat") {
      this.#setNote(conversation, unsent, note);
      return;
    }
    const line = { from: this.me, text: unsent.text, at: new Date().toISOString() };
    this.#setLine(conversation, { ...line, key: unsent.key, state: "waiting", note });
  }

  /** Marks the line that `addUnsent` added as sent or failed. If the event arrived first, `#put` has already removed it. */
  settled(unsent: Unsent, problem?: string): void {
    const { key, room } = unsent;
    const conversation = this.#room(room);
    if (!conversation) return;
    this.#setNote(conversation, unsent, "");
    const state = problem === undefined ? "sent" : "failed";
    conversation.lines = conversation.lines.map((line) =>
      line.key === key ? { ...line, state, note: problem ?? "" } : line,
    );
  }
  // #region typing

  /** The other users who are typing in the conversation. */
  typists({ typing, members }: Conversation): User[] {
    const since = Date.now() - TYPING_MS;
    const ids = [...typing].filter(([, at]) => at > since).map(([id]) => id);
    return ids.flatMap((id) => members.get(id) ?? []).filter(({ id }) => id !== this.me.id);
  }
  // #endregion

  /** Forgets the users who are no longer shown: otherwise their number would grow without limit. */
  #makeLabels(): ReadonlyMap<string, string> {
    const shown = new Set([this.me.id]);
    for (const { id, members, lines } of this.conversations.values()) {
      for (const { from } of lines) shown.add(from.id);
      for (const member of members.keys()) shown.add(member);
      shown.add(id);
    }
    for (const id of this.#names.keys()) if (!shown.has(id)) this.#names.delete(id);
    return labels(this.#names);
  }

  #room(room: string): Conversation | undefined {
    return this.conversations.get(`room:${room}`);
  }

  /** Takes the name from an event unless a more recent one is known: the user may have been renamed since the event. */
  #learnName(user: User): void {
    const all = [...this.conversations.values()];
    const isMember = user.id === this.me.id || all.some(({ members }) => members.has(user.id));
    if (!isMember) this.#rename(user);
  }

  #rename({ id, name }: User): void {
    if (this.#names.get(id) === name) return;
    this.#names.set(id, name);
    this.#labels = undefined;
    if (id === this.me.id) this.me = { id, name };
    // #region private
    const conversation = this.conversations.get(`user:${id}`);
    if (conversation) conversation.title = name;
    // #endregion
    for (const { members } of this.conversations.values()) {
      if (members.has(id)) members.set(id, { id, name });
    }
  }

  /** Replaces what is known of a room: messages may have been changed or deleted in the gap. */
  #replace(
    conversation: Conversation,
    snapshot: Snapshot & { recovered: false },
    isFirst: boolean,
  ) {
    const { epoch, offset, messages } = snapshot;
    const isUnsent = ({ state }: Line) => state === "waiting" || state === "failed";
    const unsent = conversation.lines.filter(isUnsent);
    const known = new Set(conversation.lines.map(({ message }) => message?.key));
    const isEmpty = conversation.lines.length === unsent.length;
    // There is no gap at the first join. There is also none if the page showed nothing of the room, and either its first
    // message is in the reply or it has no messages.
    const isComplete = isFirst || (isEmpty && (messages[0]?.offset ?? 1) === 1);
    const note = "Some messages before this are missing.";
    const key = `gap/${epoch}/${offset}`;
    const gap: Line = { key, from: nobody, text: "", at: "", state: "gap", note };
    conversation.lines = isComplete ? unsent : [gap, ...unsent];
    // Of an author whose name is not known yet, the newest message has the latest name.
    for (const { from } of messages.toReversed()) {
      if (!this.#names.has(from.id)) this.#rename(from);
    }
    for (const message of messages) {
      this.#put(conversation, epoch, message, !isFirst && !known.has(message.key));
    }
  }

  #apply(event: RoomEvent): void {
    const conversation = this.#room(event.room);
    if (!conversation) return;
    this.#learnName(event.from);
    // #region typing
    conversation.typing.delete(event.from.id);
    // #endregion
    const target = targetOf(event);
    const key = `${event.epoch}/${target ?? event.offset}`;
    const before = conversation.lines.find((line) => line.key === key)?.message;
    // A change of a message that is too old to be shown.
    if (target !== undefined && !before) return;
    // A message that was deleted since, so that it has no text.
    if (target === undefined && event.text === undefined) return;
    const message = applyEvent(event, before);
    if (message) this.#put(conversation, event.epoch, message, target === undefined);
    else conversation.lines = conversation.lines.filter((line) => line.key !== key);
  }

  /** Shows a message, or its new state. */
  #put(conversation: Conversation, epoch: string, message: Message, isNew: boolean): void {
    const { offset, from, text, at } = message;
    // Remove the line that `addUnsent` added: its key is that of the message.
    if (from.id === this.me.id) {
      conversation.lines = conversation.lines.filter(({ key }) => key !== message.key);
    }
    const line: Line = { key: `${epoch}/${offset}`, from, text, at, state: "sent", message };
    this.#setLine(conversation, line, isNew);
  }

  /** Sets the note of the message that the event is about, if any. */
  #setNote(conversation: Conversation, event: Unsent, note: string): void {
    if (!("target" in event)) return;
    conversation.lines = conversation.lines.map((line) =>
      line.message?.offset === event.target ? { ...line, note } : line,
    );
  }

  /** Replaces the line with the same key, or adds the line. */
  #setLine(conversation: Conversation, line: Line, isNew = true): void {
    const index = conversation.lines.findIndex(({ key }) => key === line.key);
    if (index !== -1) {
      conversation.lines[index] = line;
      return;
    }
    // Waiting lines stay below the others.
    const waiting = conversation.lines.findIndex(({ state }) => state === "waiting");
    const end = waiting === -1 || line.state === "waiting" ? conversation.lines.length : waiting;
    conversation.lines.splice(end, 0, line);
    conversation.lines.splice(0, conversation.lines.length - MAX_LINES);
    const isSeen = this.isVisible && conversation === this.current;
    if (isNew && !isSeen && line.from.id !== this.me.id) conversation.unread += 1;
  }
}
