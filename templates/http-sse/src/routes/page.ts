// GET /: the page, and its scripts and styles.
import { openPage } from "#lib/page";
import type { Group, Services } from "../group.ts";

export async function page({ root }: Services): Promise<Group> {
  const files = await openPage(`${root}/page/index.html`);
  return {
    routes: Object.fromEntries(
      Object.entries(files).map(([path, handle]) => [path, { GET: { handle } }]),
    ),
  };
}
