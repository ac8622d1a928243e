// The commands of a README: the lines of its `sh` blocks, in order. Pure.

/** Lines as a reader would type them; a line that ends with a backslash goes on in the next one. */
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

/** What stands under a heading, up to the next one of any level; empty if there is none. */
export function sectionOf(heading: string, markdown: string): string {
  const parts = markdown.split(/^#+ (?=\S.*$)/m);
  return parts.find((part) => part.startsWith(`${heading}\n`)) ?? "";
}
