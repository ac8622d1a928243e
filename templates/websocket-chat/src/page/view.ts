// Draws the model. It reads, and never changes anything but the DOM.
import type { Person } from "../protocol.ts";
import { byId, element, reconcile } from "./dom.ts";
import type { Conversation, Line, Model } from "./model.ts";

/** Lines of one person within so many milliseconds stand together. */
const TOGETHER_MS = 5 * 60 * 1000;
const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

export interface ViewActions {
  /** The user chose a conversation. */
  readonly show: (conversation: Conversation) => void;
  /** The user chose a person to write to. */
  readonly write: (person: Person) => void;
}

export function render(model: Model, actions: ViewActions): void {
  const { current } = model;
  const all = [...model.conversations.values()];
  drawConversations("rooms", all, "room", model, actions);
  drawConversations("private", all, "person", model, actions);
  byId("private-hint", HTMLElement).hidden = all.some(({ kind }) => kind === "person");
  byId("me", HTMLElement).textContent = model.me.name;
  const unread = all.reduce((sum, conversation) => sum + conversation.unread, 0);
  setUnread(byId("menu-unread", HTMLElement), unread);
  document.title = `${unread > 0 ? `(${unread}) ` : ""}${current ? titleOf(current) : "Chat"}`;
  byId("title", HTMLElement).textContent = current ? titleOf(current) : "No conversation";
  byId("leave", HTMLElement).hidden = !current;
  byId("leave", HTMLElement).textContent = current?.kind === "person" ? "Close" : "Leave";
  byId("text", HTMLTextAreaElement).disabled = !current;
  if (current) drawConversation(current, model, actions);
}

function drawConversation(current: Conversation, model: Model, actions: ViewActions): void {
  const isRoom = current.kind === "room";
  const people = [...current.members.values()].sort((a, b) => a.name.localeCompare(b.name));
  byId("here", HTMLElement).textContent = isRoom ? `${people.length} here` : "private";
  byId("people", HTMLElement).hidden = !isRoom;
  byId("empty", HTMLElement).hidden = current.lines.length > 0;
  byId("typing", HTMLElement).textContent = typingText(model.typists(current));
  reconcile(byId("members", HTMLElement), people, {
    key: ({ id }) => id,
    create: (person) => memberItem(person, person.id === model.me.id, actions),
  });
  drawLines(current, model.me);
}

/** Follows what is said; who reads further up is not torn away, but told. */
function drawLines(current: Conversation, me: Person): void {
  const scroll = byId("scroll", HTMLElement);
  const list = byId("lines", HTMLElement);
  const news = byId("news", HTMLElement);
  const last = list.lastElementChild;
  const another = list.dataset.conversation !== `${current.kind}:${current.id}`;
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  if (another) list.replaceChildren();
  list.dataset.conversation = `${current.kind}:${current.id}`;
  reconcile(list, current.lines, {
    key: ({ key }) => key,
    create: (line) => lineItem(line),
    update: (item, line, index) => updateLine(item, line, current.lines[index - 1]),
  });
  const isNew = list.lastElementChild !== last;
  const isMine = current.lines.at(-1)?.from.id === me.id;
  const follows = another || (isNew && (atEnd || isMine));
  if (follows) scroll.scrollTop = scroll.scrollHeight;
  if (follows || atEnd) news.hidden = true;
  else if (isNew) news.hidden = false;
}

function drawConversations(
  id: string,
  all: readonly Conversation[],
  kind: Conversation["kind"],
  model: Model,
  { show }: ViewActions,
): void {
  const conversations = all.filter((conversation) => conversation.kind === kind);
  reconcile(byId(id, HTMLElement), conversations, {
    key: (conversation) => conversation.id,
    create: (conversation) => {
      const { title } = conversation;
      const icon =
        kind === "room"
          ? element("span", "hash", "#")
          : avatar({ id: conversation.id, name: title });
      icon.ariaHidden = "true";
      const button = element("button", "item", icon, element("span", "label", title));
      button.append(element("span", "unread"));
      button.type = "button";
      button.onclick = () => show(conversation);
      return element("li", "", button);
    },
    update: (item, conversation) => {
      const button = item.firstElementChild;
      setText(item.querySelector(".label"), conversation.title);
      if (conversation === model.current) button?.setAttribute("aria-current", "page");
      else button?.removeAttribute("aria-current");
      setUnread(item.querySelector<HTMLElement>(".unread"), conversation.unread);
    },
  });
}

function lineItem({ from, text, at, state, note = "" }: Line): HTMLElement {
  if (state === "gap") return element("li", "line mark", note);
  const picture = avatar(from);
  const when = element("time", "", at ? time.format(new Date(at)) : "");
  when.dateTime = at;
  when.title = new Date(at).toLocaleString();
  const head = element("div", "head", element("bdi", "name", from.name), when);
  const body = element("div", "body", element("div", "text", text), element("div", "note"));
  return element("li", "line", element("div", "day"), picture, head, body);
}

function updateLine(item: HTMLElement, line: Line, before: Line | undefined): void {
  const apart = Date.parse(line.at) - Date.parse(before?.at ?? "");
  const heading = dayOf(line) === dayOf(before) ? "" : dayOf(line);
  const sameHand = before?.from.id === line.from.id && before.state !== "gap";
  item.classList.toggle("more", sameHand && apart < TOGETHER_MS && heading === "");
  item.dataset.state = line.state;
  setText(item.querySelector(".note"), line.note ?? "");
  setText(item.querySelector(".day"), heading);
}

/** The day of the line. What has no time counts as today, so that today alone needs no heading. */
function dayOf(line: Line | undefined): string {
  const at = new Date(line?.at || Date.now());
  return at.toDateString() === new Date().toDateString() ? "Today" : day.format(at);
}

/** Sets only what changes: a screen reader may be reading it. */
function setText(target: Element | null, text: string): void {
  if (target && target.textContent !== text) target.textContent = text;
}

function memberItem(person: Person, isMe: boolean, { write }: ViewActions): HTMLElement {
  const label = element("span", "label", person.name);
  if (isMe) return element("li", "item", avatar(person), label, element("span", "soft you", "you"));
  const button = element("button", "item", avatar(person), label);
  button.type = "button";
  button.title = `Write to ${person.name} alone`;
  button.onclick = () => write(person);
  return element("li", "", button);
}

function avatar({ id, name }: Person): HTMLElement {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map(
    (word) => [...(word ?? "")][0],
  );
  const picture = element("span", "avatar", letters.join("").toUpperCase());
  picture.ariaHidden = "true";
  const hue = [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 0);
  picture.style.setProperty("--hue", String(hue));
  return picture;
}

function setUnread(badge: HTMLElement | null, unread: number): void {
  if (!badge) return;
  badge.hidden = unread === 0;
  badge.textContent = unread > 99 ? "99+" : String(unread);
  badge.ariaLabel = `${unread} unread`;
}

function typingText(people: readonly Person[]): string {
  const names = people.slice(0, 2).map(({ name }) => name);
  if (people.length === 0) return "";
  if (people.length === 1) return `${names[0]} is typing…`;
  return people.length === 2 ? `${names.join(" and ")} are typing…` : "Several people are typing…";
}

function titleOf({ kind, title }: Conversation): string {
  return kind === "room" ? `# ${title}` : title;
}
