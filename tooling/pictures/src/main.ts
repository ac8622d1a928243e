// The command `bun run pictures [name…]`: writes the README's pictures, light and dark, to docs/pictures/.
import { join, resolve } from "node:path";
import { Place } from "./place.ts";
import { scenes } from "./scenes.ts";
import { Tab } from "./tab.ts";

const folder = resolve(import.meta.dir, "../../../docs/pictures");
const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in scenes));
if (unknown.length > 0) {
  console.error(
    `There is no picture ${unknown.join(", ")}; there are ${Object.keys(scenes).join(", ")}.`,
  );
  process.exit(2);
}

await using place = await Place.open();
for (const [name, { width, height, show }] of Object.entries(scenes)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(name);
  await using tab = await Tab.open({ width, height });
  await using _shown = await show(tab, place);
  for (const scheme of ["light", "dark"] as const) {
    await Bun.write(join(folder, `${name}-${scheme}.webp`), await tab.picture(scheme));
  }
}
