// The same React app for every contestant: a page with a given number of modules, one of which is edited.
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { PEERS } from "../../peers.ts";

const TEMPLATE = join(import.meta.dir, "../../../../../templates/hmr-app");

/** The source that an edit changes. The page shows `text`. */
export const editedModule = (text: string) =>
  `export function Edited() {\n  return <h1 id="edited">${text}</h1>;\n}\n`;

const page = `<!doctype html>
<html lang="en">
  <head>
    <title>App</title>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="./main.tsx"></script>
  </body>
</html>
`;

const main = `import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";

createRoot(document.getElementById("root")).render(<App />);
`;

function app(modules: number): string {
  const numbers = Array.from({ length: modules }, (_, index) => index);
  const imports = numbers.map((n) => `import { Part${n} } from "./parts/Part${n}.tsx";`);
  const parts = numbers.map((n) => `<Part${n} />`).join("");
  return [
    'import { Edited } from "./Edited.tsx";',
    ...imports,
    `export function App() {\n  return <main><Edited />${parts}</main>;\n}\n`,
  ].join("\n");
}

/** Writes the app into `folder`, with `modules` modules besides those that every app has. */
async function writePage(folder: string, modules: number): Promise<void> {
  await mkdir(join(folder, "parts"), { recursive: true });
  const files: [string, string][] = [
    ["index.html", page],
    ["main.tsx", main],
    ["App.tsx", app(modules)],
    ["Edited.tsx", editedModule("first")],
  ];
  for (let n = 0; n < modules; n += 1) {
    const part = `export function Part${n}() {\n  return <span>${n}</span>;\n}\n`;
    files.push([`parts/Part${n}.tsx`, part]);
  }
  for (const [path, text] of files) await Bun.write(join(folder, path), text);
}

export interface Project {
  /** Where the module is that is edited. */
  readonly edited: string;
  /** Starts its development server. */
  readonly command: readonly string[];
  readonly cwd: string;
}

type MakeProject = (folder: string, modules: number) => Promise<Project>;

const hmrApp: MakeProject = async (folder, modules) => {
  for (const path of ["package.json", "bunfig.toml", "tsconfig.json", "src"]) {
    const options = { recursive: true, filter: (from: string) => !from.includes("/src/page") };
    await cp(join(TEMPLATE, path), join(folder, path), options);
  }
  await symlink(join(TEMPLATE, "node_modules"), join(folder, "node_modules"));
  await writePage(join(folder, "src/page"), modules);
  const edited = join(folder, "src/page/Edited.tsx");
  return { edited, cwd: folder, command: ["bun", "--hot", "src/dev.ts"] };
};

const bareBun: MakeProject = async (folder, modules) => {
  await writePage(folder, modules);
  await symlink(join(PEERS, "node_modules"), join(folder, "node_modules"));
  const server = `import page from "./index.html";
const development = { hmr: true, console: true };
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, development, routes: { "/": page } });
console.log("listening on " + server.url.href);
`;
  await Bun.write(join(folder, "server.ts"), server);
  const edited = join(folder, "Edited.tsx");
  return { edited, cwd: folder, command: ["bun", "--hot", "server.ts"] };
};

const vite: MakeProject = async (folder, modules) => {
  await writePage(folder, modules);
  await symlink(join(PEERS, "node_modules"), join(folder, "node_modules"));
  const config = `import react from "@vitejs/plugin-react";
export default {
  plugins: [react()],
  cacheDir: ${JSON.stringify(join(folder, ".vite"))},
  server: { host: "127.0.0.1", fs: { strict: false } },
};
`;
  await Bun.write(join(folder, "vite.config.js"), config);
  const command = ["node", join(PEERS, "node_modules/vite/bin/vite.js")];
  return { edited: join(folder, "Edited.tsx"), cwd: folder, command };
};

/** By the names that the table uses. */
export const projects: Readonly<Record<string, MakeProject>> = {
  "hmr-app": hmrApp,
  "bare Bun": bareBun,
  Vite: vite,
};

/** Variables of the development servers: no colours in the URL that they print. */
export const environment = { NODE_ENV: "development", NO_COLOR: "1", LOG_LEVEL: "warn" } as const;
