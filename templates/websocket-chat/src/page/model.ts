// What the page knows: conversations, who is there, what waits. No DOM here.

import type { Unsent } from "../client/outbox.ts";
import type { ChatMessage, Person, ServerFrame, Snapshot } from "../protocol.ts";

export interface Line {
  /** Unique within the conversation. */
  readonly key: string;
  readonly from: Person;
  readonly text: string;
  readonly at: string;
  readonly state: "sent" | "waiting" | "failed" | "gap";
  readonly note?: string;
}

export interface Conversation {
  readonly kind: "room" | "person";
  /** Name of the room, or id of the person. */
  readonly id: string;
  title: string;
  lines: Line[];
  members: Map<string, Person>;
  /** When each person was last seen typing, in milliseconds. */
  typing: Map<string, { readonly person: Person; readonly at: number }>;
  unread: number;
  /** What is written here and not yet sent. */
  draft: string;
}

/** Lines of a conversation that the page keeps. */
const KEPT = 500;
/** A person counts as typing for so many milliseconds. */
const TYPING_MS = 4000;
const nobody: Person = { id: "", name: "" };

export class Model {
  me: Person = nobody;
  readonly conversations = new Map<string, Conversation>();
  current: Conversation | undefined;
  /** Whether someone looks at the page: otherwise nothing is read. */
  seen = true;
  #whispers = 0;

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

  /** Forgets the conversation, and returns the one to show instead. */
  close({ kind, id }: Conversation): Conversation | undefined {
    this.conversations.delete(`${kind}:${id}`);
    return [...this.conversations.values()][0];
  }

  show(conversation: Conversation | undefined): void {
    this.current = conversation;
    if (conversation) conversation.unread = 0;
  }

  /** The page came into view, or went out of it. */
  look(seen: boolean): void {
    this.seen = seen;
    if (seen) this.show(this.current);
  }

  /** The conversation `step` places further in the list. */
  neighbour(step: 1 | -1): Conversation | undefined {
    const all = [...this.conversations.values()];
    const index = this.current ? all.indexOf(this.current) : -1;
    return all.at((index + step) % all.length);
  }

  joined(room: string, { epoch, offset, recovered, messages, members }: Snapshot): void {
    const conversation = this.open("room", room);
    conversation.members = new Map(members.map((person) => [person.id, person]));
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
    // What was said before one came is history, not news.
    if (known.length === 0) conversation.unread = unread;
  }

  /** Takes in what the server told. */
  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.me = frame.you;
        return;
      case "chat":
        this.#chat(frame);
        return;
      case "private":
        this.whispered(frame.from, frame);
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
          person: frame.from,
          at: Date.now(),
        });
    }
  }

  /** A private line, theirs or mine, in the conversation with `person`. */
  whispered(person: Person, line: Pick<Line, "from" | "text" | "at"> & Partial<Line>): void {
    const conversation = this.open("person", person.id, person.name);
    conversation.title = person.name;
    const key = `private/${++this.#whispers}`;
    this.#add(conversation, { key, state: "sent", ...line });
  }

  /** Shows the message before the server has it. */
  waits({ key, room, text }: Unsent, note: string): void {
    const line: Line = {
      ...{ key, from: this.me, text, at: new Date().toISOString() },
      ...{ state: "waiting", note },
    };
    this.#add(this.open("room", room), line);
  }

  /** The server has the message and sends it to all, or refused it. */
  settled({ key, room }: Unsent, problem?: string): void {
    const conversation = this.open("room", room);
    conversation.lines = conversation.lines.flatMap((line): Line[] => {
      if (line.key !== key) return [line];
      return problem === undefined ? [] : [{ ...line, state: "failed", note: problem }];
    });
  }

  /** Others who are typing in the conversation now. */
  typists(conversation: Conversation): Person[] {
    const since = Date.now() - TYPING_MS;
    const typing = [...conversation.typing.values()].filter(({ at }) => at > since);
    return typing.map(({ person }) => person).filter(({ id }) => id !== this.me.id);
  }

  #chat({ room, epoch, offset, from, text, at }: ChatMessage): void {
    const conversation = this.open("room", room);
    conversation.typing.delete(from.id);
    if (from.id === this.me.id) this.#unwait(conversation, text);
    this.#add(conversation, { key: `${epoch}/${offset}`, from, text, at, state: "sent" });
  }

  /** My message comes back a moment before its acknowledgement: don't show it twice. */
  #unwait(conversation: Conversation, text: string): void {
    const index = conversation.lines.findIndex(
      (line) => line.state === "waiting" && line.text === text,
    );
    if (index !== -1) conversation.lines.splice(index, 1);
  }

  #add(conversation: Conversation, line: Line): void {
    if (conversation.lines.some(({ key }) => key === line.key)) return;
    // What waits stays below what is said.
    const waiting = conversation.lines.findIndex(({ state }) => state === "waiting");
    const end = waiting === -1 || line.state === "waiting" ? conversation.lines.length : waiting;
    conversation.lines.splice(end, 0, line);
    conversation.lines.splice(0, conversation.lines.length - KEPT);
    const isSeen = this.seen && conversation === this.current;
    if (!isSeen && line.from.id !== this.me.id) conversation.unread += 1;
  }
}
