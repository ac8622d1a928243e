// Shows the team and the links, which are YAML files.
import links from "./content/links.yaml";
import { members } from "./content/team.yaml";
import { element } from "./element.ts";

element("team").replaceChildren(
  ...members.map(({ name, role, since }) => item(`${name}, ${role} since ${since}`)),
);
element("links").replaceChildren(...links.map(({ label, url }) => item(link(label, url))));

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
