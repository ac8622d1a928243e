// Compiles the server and the built page into one executable, which needs no other file and no Bun.
import { resolve } from "node:path";
import type { BunPlugin } from "bun";
import { readRecord } from "./src/features/page/build-record.ts";

/** Replaces src/features/page/embedded.ts with the files of the latest build. */
const embedPage: BunPlugin = {
  name: "embed-page",
  setup(build) {
    build.onLoad({ filter: /[\\/]page[\\/]embedded\.ts$/ }, async () => {
      const record = Object.entries(await readRecord("dist/public"));
      const files = record.filter(([, replacedAt]) => replacedAt === null).map(([file]) => file);
      const imports = files.map((file, index) => {
        const path = JSON.stringify(resolve("dist/public", file));
        return `import file${index} from ${path} with { type: "file" };`;
      });
      const entries = files.map((file, index) => `${JSON.stringify(file)}: file${index}`);
      const list = `export const embedded = { ${entries.join(", ")} };`;
      return { contents: [...imports, list].join("\n"), loader: "ts" };
    });
  },
};

const outfile = "dist/app";
await Bun.build({
  entrypoints: ["src/main.ts"],
  // The executable loads no code and no settings from its working directory, where `.env` may be for development.
  compile: {
    outfile,
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
  minify: true,
  // For the locations in stacks.
  sourcemap: "linked",
  plugins: [embedPage],
});
console.log(`Built ${outfile}: it needs no other file.`);
