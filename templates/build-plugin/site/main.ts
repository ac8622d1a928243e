// The page: a note with its table of contents, the team, and another note on demand.
import settings from "site:settings";
import links from "./content/links.yaml";
import hello from "./content/notes/hello.md";
import { members } from "./content/team.yaml";
import { type Note, show } from "./note.ts";

declare const SITE_VERSION: string;

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
};

function open(note: Note): void {
  document.title = note.attributes.title;
  show(note, element("note"), element("toc"));
}

open(hello);
element("team").replaceChildren(
  ...members.map(({ name, role, since }) => item(`${name}, ${role} since ${since}`)),
);
element("links").replaceChildren(...links.map(({ label, url }) => item(link(label, url))));
element("footer").textContent = `Version ${SITE_VERSION}. Write to ${settings.contact}.`;
element("later").addEventListener("click", async () => {
  const { default: later } = await import("./content/notes/later.md");
  open(later);
});

function item(content: string | Node): HTMLLIElement {
  const entry = document.createElement("li");
  entry.append(content);
  return entry;
}

function link(label: string, url: string): HTMLAnchorElement {
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.textContent = label;
  return anchor;
}
