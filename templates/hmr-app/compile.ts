// Compiles the server and the built page into one executable, which needs no other file and no Bun.
import { realpathSync } from "node:fs";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readRecord } from "./src/features/page/build-record.ts";

const record = Object.entries(await readRecord("dist/public"));
const latest = record.filter(([, replacedAt]) => replacedAt === null).map(([name]) => name);
const imports = latest.map((name, index) => {
  const path = JSON.stringify(resolve("dist/public", name));
  return `import file${index} from ${path} with { type: "file" };`;
});
const entries = latest.map((name, index) => `${JSON.stringify(name)}: file${index}`);
const embedded = [...imports, `export const embedded = { ${entries.join(", ")} };`].join("\n");

// The executable is moved once it is complete. If `dist` is on another file system, Bun copies it, which a full disk may end.
const staging = await mkdtemp(join("dist", ".staging-"));
try {
  await Bun.build({
    entrypoints: ["src/main.ts"],
    // The executable loads no code and no settings from its working directory, where `.env` may be for development.
    compile: {
      outfile: join(staging, "app"),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    minify: true,
    // For the locations in stacks.
    sourcemap: "linked",
    // Replaces embedded.ts with a list of the files of the latest build. Bun compares real paths, and `src` may be a link.
    files: { [realpathSync("src/features/page/embedded.ts")]: embedded },
  });
  for (const name of await readdir(staging)) await rename(join(staging, name), join("dist", name));
  console.log("Built dist/app: it needs no other file.");
} finally {
  await rm(staging, { recursive: true, force: true });
}
