// A small template with features that has every kind of file a region can be in.
import type { Sample } from "./sample.ts";

export const FEATURED: Sample = {
  "templates/demo/package.json": {
    name: "demo",
    bunyard: {
      title: "Demo",
      features: {
        page: {
          description: "A page that shows the messages",
          paths: ["src/page"],
          package: { imports: ["#lib/problem"], dependencies: ["react"] },
          words: ["page"],
        },
        uploads: {
          description: "Files, streamed to disk",
          paths: ["src/uploads/", "test/uploads.test.ts"],
          package: { imports: ["#lib/env"], dependencies: ["react", "zod"], scripts: ["clean"] },
          words: ["upload"],
        },
        analysis: {
          description: "Jobs that analyse an upload",
          requires: ["uploads"],
        },
        docker: { description: "An image", paths: ["Dockerfile"] },
      },
    },
    imports: { "#lib/env": "@bunyard/shared/env", "#lib/problem": "@bunyard/shared/problem" },
    scripts: { dev: "bun src/main.ts", clean: "rm -r data" },
    files: ["dist"],
    dependencies: { react: "19.0.0", zod: "4.6.7" },
    devDependencies: { "@bunyard/shared": "workspace:*" },
  },
  "templates/demo/src/main.ts": `import { serve } from "./serve.ts";
// #region uploads
import { uploads } from "./uploads/routes.ts";
// #endregion
import {
  ready,
  // #region page
  renderPage,
  // #endregion
} from "./views.ts";

export function start(
  port: number,
  // #region uploads
  folder: string,
  // #endregion
) {
  // #region page
  renderPage();
  // #endregion

  serve([
    ready,
    // #region uploads
    uploads(folder),
    // #endregion
  ]);

  // #region page uploads
  renderPage("uploads");
  // #endregion
}

// #region uploads
export const limit = 10;
// #region analysis
export const jobs = 2;
// #endregion analysis

export const size = 4;
// #endregion uploads
`,
  "templates/demo/src/view.ts": `export function view({
  title,
  // #region page
  page,
  // #endregion
}: Options) {
  const {
    first,
    // #region uploads
    second,
    // #endregion
  } = title;
  return first.map(
    // #region page
    page,
    // #endregion
  );
}

export const show = ({
  title,
  // #region page
  page,
  // #endregion
}: Options) => {
  call({
    title,
    // #region uploads
    page,
    // #endregion
  });
};
`,
  "templates/demo/src/app.ts": `export const short = new Hono()
  .use(requestId())
  // #region page
  .route("/", pageRoutes(first, second, third))
  .use("/api/*", rateLimit({ perMinute: 10 }))
  // #endregion
  .route("/", healthRoutes());

export const arrow = new Hono()
  .get("/a", (c) => c.text("first"))
  // #region uploads
  .get("/b", (c) => c.text("second"))
  .get("/c", (c) => c.text("third"))
  // #endregion
  .get("/d", (c) => c.text("fourth"));

export const long = new Hono()
  .route("/", messageRoutes(messages))
  // #region uploads
  .route("/", uploadRoutes(uploads))
  // #endregion
  .route("/", eventRoutes(events, service))
  .route("/", healthRoutes(service));

export const one = open()
  // #region page
  .use(onePlugin({ folder: "a/long/path/to/a/folder" }))
  .use(anotherPlugin({ folder: "a/long/path/to/a/folder" }))
  // #endregion
  .close();

export type Frame =
  // #region page
  | "a-long-name-for-the-first-frame-of-the-page"
  | "a-long-name-for-the-second-frame-of-the-page"
  // #endregion
  | "chat"
  | "typing";

export type Wide =
  | "a-long-name-for-the-first-frame"
  // #region uploads
  | "a-long-name-for-the-second-frame"
  // #endregion
  | "a-long-name-for-the-third-frame"
  | "a-long-name-for-the-fourth-frame";
`,
  "templates/demo/src/uploads/routes.ts": 'import "#lib/env";\n',
  "templates/demo/src/page/page.tsx": `import "#lib/problem";

export const page = (
  <main>
    {/* #region uploads */}
    <form />
    {/* #endregion */}
    <p />
  </main>
);
`,
  "templates/demo/src/style.css": `a {
  color: red;
}

/* #region page */
b {
  color: blue;
}
/* #endregion */
`,
  "templates/demo/src/schema.sql":
    "-- #region uploads\nCREATE TABLE a (b);\n-- #endregion\nSELECT 1;\n",
  "templates/demo/.env.example":
    "PORT=3000\n\n# #region uploads\n# Bytes.\nLIMIT=1\n# #endregion\n",
  "templates/demo/Dockerfile": "FROM a\n# #region page\nRUN b\n# #endregion\n",
  "templates/demo/test/uploads.test.ts": "",
  "templates/demo/tsconfig.json": `{
  "extends": "@bunyard/shared/tsconfig.json",
  // #region page
  "compilerOptions": { "lib": ["ESNext", "DOM"] }
  // #endregion
}
`,
  "templates/demo/.vscode/launch.json": `{
  "configurations": [
    {
      "name": "server"
    },
    // #region page
    {
      "name": "browser"
    }
    // #endregion
  ]
}
`,
  "templates/demo/README.md": `# Demo

| variable | meaning                            |
| -------- | ---------------------------------- |
| \`PORT\`   | where it listens                   |
| \`LIMIT\`  | bytes <!-- #region uploads -->     |

<!-- #region uploads -->

## Uploads

Post a file.

<!-- #endregion -->

## License

5. Kept as it is.

---

<!-- #region page -->

1. Open the page.
<!-- #endregion -->
2. Read the text:

   \`\`\`sh
   cat LICENSE
   \`\`\`

<!-- #region uploads -->

3. Upload it.

<!-- #endregion -->

4. Go on.
`,
};
