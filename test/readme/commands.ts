// Extracts the commands of a README: the lines of its `sh` blocks, in order. Pure.

/** The lines as a reader would type them. Lines that end with a backslash are joined with the next one. */
export function commandsOf(markdown: string): readonly string[] {
  const blocks = markdown.matchAll(/^```sh\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, block = ""]) =>
    block
      .replaceAll(/\\\n\s*/g, "")
      .split("\n")
      .map((line) => line.replace(/(^|\s+)# .*$/, "").trim())
      .filter((line) => line !== ""),
  );
}

/** The text under a heading, up to the next heading of any level; empty if there is no such heading. */
export function sectionOf(heading: string, markdown: string): string {
  const parts = markdown.split(/^#+ (?=\S.*$)/m);
  return parts.find((part) => part.startsWith(`${heading}\n`)) ?? "";
}
