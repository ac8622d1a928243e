// Makes the web addresses in a text clickable. Everything else stays text, so nothing that a user typed becomes markup.
import { element } from "./dom.ts";

const ADDRESS = /https?:\/\/[^\s<>"]+/g;
/** Punctuation at the end is not part of the address. */
const END = /[.,:;!?'"]+$/;

export function linkify(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const address = trimEnd(match);
    if (!URL.canParse(address)) continue;
    const link = element("a", "", address);
    link.href = address;
    link.target = "_blank";
    // The other page must not control this one, or learn which room it was linked in.
    link.rel = "noopener noreferrer";
    parts.push(text.slice(end, index), link);
    end = index + address.length;
  }
  return [...parts, text.slice(end)];
}

/** Also removes a closing bracket without an opening one. */
function trimEnd(address: string): string {
  const trimmed = address.replace(END, "");
  if (trimmed.endsWith(")") && !trimmed.includes("(")) return trimEnd(trimmed.slice(0, -1));
  return trimmed;
}
