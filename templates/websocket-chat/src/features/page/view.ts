// Renders the model. It changes nothing but the DOM.
import type { User } from "../../protocol.ts";
import { byId, element, reconcile } from "./dom.ts";
import type { Conversation, Line, Model } from "./model.ts";

/** Consecutive messages of one user within this many milliseconds share one heading. */
const GROUP_MS = 5 * 60 * 1000;
const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

export interface ViewActions {
  /** Shows a conversation. */
  readonly show: (conversation: Conversation) => void;
  /** Opens the private conversation with another user. */
  readonly openPrivate: (user: User) => void;
}

export function render(model: Model, actions: ViewActions): void {
  const { current } = model;
  const all = [...model.conversations.values()];
  drawConversations("rooms", all, "room", model, actions);
  drawConversations("private", all, "user", model, actions);
  byId("private-hint", HTMLElement).hidden = all.some(({ kind }) => kind === "user");
  byId("me", HTMLElement).textContent = model.me.name;
  const unread = all.reduce((sum, conversation) => sum + conversation.unread, 0);
  setUnread(byId("menu-unread", HTMLElement), unread);
  document.title = `${unread > 0 ? `(${unread}) ` : ""}${current ? titleOf(current) : "Chat"}`;
  byId("title", HTMLElement).textContent = current ? titleOf(current) : "No conversation";
  byId("leave", HTMLElement).hidden = !current;
  byId("leave", HTMLElement).textContent = current?.kind === "user" ? "Close" : "Leave";
  byId("text", HTMLTextAreaElement).disabled = !current;
  if (current) drawConversation(current, model, actions);
}

function drawConversation(current: Conversation, model: Model, actions: ViewActions): void {
  const isRoom = current.kind === "room";
  const members = [...current.members.values()].sort((a, b) => a.name.localeCompare(b.name));
  byId("here", HTMLElement).textContent = isRoom ? `${members.length} here` : "private";
  byId("people", HTMLElement).hidden = !isRoom;
  byId("empty", HTMLElement).hidden = current.lines.length > 0;
  byId("typing", HTMLElement).textContent = typingText(model.typists(current));
  reconcile(byId("members", HTMLElement), members, {
    key: ({ id }) => id,
    create: (user) => memberItem(user, user.id === model.me.id, actions),
  });
  drawLines(current, model.me);
}

/** Scrolls to new messages, unless the user has scrolled up: then it shows the button for new messages. */
function drawLines(current: Conversation, me: User): void {
  const scroll = byId("scroll", HTMLElement);
  const list = byId("lines", HTMLElement);
  const news = byId("news", HTMLElement);
  const last = list.lastElementChild;
  const isOther = list.dataset.conversation !== `${current.kind}:${current.id}`;
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  if (isOther) list.replaceChildren();
  list.dataset.conversation = `${current.kind}:${current.id}`;
  reconcile(list, current.lines, {
    key: ({ key }) => key,
    create: (line) => lineItem(line),
    update: (item, line, index) => updateLine(item, line, current.lines[index - 1]),
  });
  const isNew = list.lastElementChild !== last;
  const isMine = current.lines.at(-1)?.from.id === me.id;
  const follows = isOther || (isNew && (atEnd || isMine));
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
  const isSameUser = before?.from.id === line.from.id && before.state !== "gap";
  item.classList.toggle("more", isSameUser && apart < GROUP_MS && heading === "");
  item.dataset.state = line.state;
  setText(item.querySelector(".note"), line.note ?? "");
  setText(item.querySelector(".day"), heading);
}

/** The day of the line. A missing line counts as today, so that today's messages need no heading. */
function dayOf(line: Line | undefined): string {
  const at = new Date(line?.at || Date.now());
  return at.toDateString() === new Date().toDateString() ? "Today" : day.format(at);
}

/** Sets the text only if it differs: otherwise a screen reader would read it again. */
function setText(target: Element | null, text: string): void {
  if (target && target.textContent !== text) target.textContent = text;
}

function memberItem(user: User, isMe: boolean, { openPrivate }: ViewActions): HTMLElement {
  const label = element("span", "label", user.name);
  if (isMe) return element("li", "item", avatar(user), label, element("span", "soft you", "you"));
  const button = element("button", "item", avatar(user), label);
  button.type = "button";
  button.title = `Send ${user.name} a private message`;
  button.onclick = () => openPrivate(user);
  return element("li", "", button);
}

function avatar({ id, name }: User): HTMLElement {
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

function typingText(users: readonly User[]): string {
  const names = users.slice(0, 2).map(({ name }) => name);
  if (users.length === 0) return "";
  if (users.length === 1) return `${names[0]} is typing…`;
  return users.length === 2 ? `${names.join(" and ")} are typing…` : "Several people are typing…";
}

function titleOf({ kind, title }: Conversation): string {
  return kind === "room" ? `# ${title}` : title;
}
