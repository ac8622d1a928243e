// Lists the first items of a long list in a message.

export function shortened(items: readonly string[], shown = 10): string {
  const more = items.length > shown ? ` and ${items.length - shown} more` : "";
  return items.slice(0, shown).join(", ") + more;
}
