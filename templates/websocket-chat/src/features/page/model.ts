// The state of the page: conversations, their members, and messages that are not sent yet. It has no DOM.

import type { Unsent } from "../../client/outbox.ts";
import type { ChatMessage, ServerFrame, Snapshot, User } from "../../protocol.ts";

export interface Line {
  /** Unique within the conversation. */
  readonly key: string;
  readonly from: User;
  readonly text: string;
  readonly at: string;
  readonly state: "sent" | "waiting" | "failed" | "gap";
  readonly note?: string;
}

export interface Conversation {
  readonly kind: "room" | "user";
  /** Name of the room, or id of the user. */
  readonly id: string;
  title: string;
  lines: Line[];
  members: Map<string, User>;
  /** Users who typed, with the time of their latest `typing` frame in milliseconds. */
  typing: Map<string, { readonly user: User; readonly at: number }>;
  unread: number;
  /** Text that was typed but not sent. */
  draft: string;
}

/** Lines to retain per conversation. */
const MAX_LINES = 500;
/** A user counts as typing for this long after a `typing` frame. */
const TYPING_MS = 4000;
const nobody: User = { id: "", name: "" };

export class Model {
  me: User = nobody;
  readonly conversations = new Map<string, Conversation>();
  current: Conversation | undefined;
  /** Whether the page is visible: messages in a hidden page stay unread. */
  isVisible = true;
  #privateLines = 0;

  open(kind: Conversation["kind"], id: string, title = id): Conversation {
    const key = `${kind}:${id}`;
    const known = this.conversations.get(key);
    if (known) return known;
    const conversation: Conversation = {
      ...{ kind, id, title, unread: 0, draft: "", lines: [] },
      ...{ members: new Map(), typing: new Map() },
    };
    this.conversations.set(key, conversation);
    return conversation;
  }

  /** Removes the conversation. @returns the one to show instead. */
  close({ kind, id }: Conversation): Conversation | undefined {
    this.conversations.delete(`${kind}:${id}`);
    return [...this.conversations.values()][0];
  }

  show(conversation: Conversation | undefined): void {
    this.current = conversation;
    if (conversation) conversation.unread = 0;
  }

  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    if (isVisible) this.show(this.current);
  }

  /** The next or the previous conversation in the list; it wraps around. */
  neighbour(step: 1 | -1): Conversation | undefined {
    const all = [...this.conversations.values()];
    const index = this.current ? all.indexOf(this.current) : -1;
    return all.at((index + step) % all.length);
  }

  joined(room: string, { epoch, offset, recovered, messages, members }: Snapshot): void {
    const conversation = this.open("room", room);
    conversation.members = new Map(members.map((user) => [user.id, user]));
    const waiting = conversation.lines.filter(({ state }) => state === "waiting");
    const known = conversation.lines.filter(({ state }) => state !== "waiting");
    const lost = !recovered && known.length > 0;
    const gap: Line = {
      ...{ key: `gap/${epoch}/${offset}`, from: nobody, text: "", at: "" },
      ...{ state: "gap", note: "Some messages before this are missing." },
    };
    conversation.lines = [...known, ...(lost ? [gap] : []), ...waiting];
    const { unread } = conversation;
    for (const message of messages) this.#chat(message);
    // Messages from before the first join are history, so they do not count as unread.
    if (known.length === 0) conversation.unread = unread;
  }

  /** Applies a frame of the server. */
  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.me = frame.you;
        return;
      case "chat":
        this.#chat(frame);
        return;
      case "private":
        this.addPrivate(frame.from, frame);
        return;
      case "user-joined":
        this.open("room", frame.room).members.set(frame.user.id, frame.user);
        return;
      case "user-left":
        this.open("room", frame.room).members.delete(frame.user.id);
        this.open("room", frame.room).typing.delete(frame.user.id);
        return;
      case "typing":
        this.open("room", frame.room).typing.set(frame.from.id, {
          user: frame.from,
          at: Date.now(),
        });
    }
  }

  /** Adds a private message, received or sent, to the conversation with the user. */
  addPrivate(user: User, line: Pick<Line, "from" | "text" | "at"> & Partial<Line>): void {
    const conversation = this.open("user", user.id, user.name);
    conversation.title = user.name;
    const key = `private/${++this.#privateLines}`;
    this.#add(conversation, { key, state: "sent", ...line });
  }

  /** Shows a message that the server has not stored yet. */
  addUnsent({ key, room, text }: Unsent, note: string): void {
    const line: Line = {
      ...{ key, from: this.me, text, at: new Date().toISOString() },
      ...{ state: "waiting", note },
    };
    this.#add(this.open("room", room), line);
  }

  /** The server has stored the message and sends it to all members, or has refused it. */
  settled({ key, room }: Unsent, problem?: string): void {
    const conversation = this.open("room", room);
    conversation.lines = conversation.lines.flatMap((line): Line[] => {
      if (line.key !== key) return [line];
      return problem === undefined ? [] : [{ ...line, state: "failed", note: problem }];
    });
  }

  /** The other users who are typing in the conversation. */
  typists(conversation: Conversation): User[] {
    const since = Date.now() - TYPING_MS;
    const typing = [...conversation.typing.values()].filter(({ at }) => at > since);
    return typing.map(({ user }) => user).filter(({ id }) => id !== this.me.id);
  }

  #chat({ room, epoch, offset, from, text, at }: ChatMessage): void {
    const conversation = this.open("room", room);
    conversation.typing.delete(from.id);
    if (from.id === this.me.id) this.#removeUnsent(conversation, text);
    this.#add(conversation, { key: `${epoch}/${offset}`, from, text, at, state: "sent" });
  }

  /** A message is delivered just before it is acknowledged: without this, it would be shown twice. */
  #removeUnsent(conversation: Conversation, text: string): void {
    const index = conversation.lines.findIndex(
      (line) => line.state === "waiting" && line.text === text,
    );
    if (index !== -1) conversation.lines.splice(index, 1);
  }

  #add(conversation: Conversation, line: Line): void {
    if (conversation.lines.some(({ key }) => key === line.key)) return;
    // Unsent messages stay below the others.
    const waiting = conversation.lines.findIndex(({ state }) => state === "waiting");
    const end = waiting === -1 || line.state === "waiting" ? conversation.lines.length : waiting;
    conversation.lines.splice(end, 0, line);
    conversation.lines.splice(0, conversation.lines.length - MAX_LINES);
    const isSeen = this.isVisible && conversation === this.current;
    if (!isSeen && line.from.id !== this.me.id) conversation.unread += 1;
  }
}
