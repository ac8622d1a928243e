// Behind nginx, a response that is sent before the import was read completely reaches the client.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Folder } from "../folder.ts";
import { PROCESS_TIMEOUT } from "../project.ts";
import { Service } from "../service.ts";

const NGINX = Bun.which("nginx", { PATH: `${process.env.PATH}:/usr/sbin` });
const IMPORT_BYTES = 60 * 1024 * 1024;

/** A port that was free a moment ago, because nginx cannot report a port that it picked itself. */
function freePort(): number {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  return server.port ?? 0;
}

/** Runs nginx in front of `target` until it is disposed of. */
async function startNginx(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = new Folder();
  const port = freePort();
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder.join(name)};`,
  );
  // As root, nginx would switch to a user who may not write to the folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    folder.join("nginx.conf"),
    `${user} pid ${folder.join("pid")}; error_log ${folder.join("error.log")}; daemon off; events {}
     http { access_log off; ${paths.join(" ")}
       server { listen 127.0.0.1:${port}; client_max_body_size 0; location / { proxy_pass ${target}; } } }`,
  );
  const child = Bun.spawn([NGINX ?? "", "-p", folder.path, "-c", folder.join("nginx.conf")], {
    stdout: "ignore",
    stderr: "inherit",
  });
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (child.exitCode === null && !(await isUp())) await Bun.sleep(50);
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

const title = "behind nginx, a large import gets its 401 or 413";
if (NGINX === null) test.skip(`${title}: install nginx to run this test`, () => undefined);
else {
  test(
    title,
    async () => {
      await using service = await Service.start({ MAX_IMPORT_BYTES: "1000000" });
      await using nginx = await startNginx(service.url);
      const { token } = await service.newUser();
      const body = Buffer.alloc(IMPORT_BYTES, `${JSON.stringify({ title: "t", body: "b" })}\n`);
      const send = async (authorization?: string): Promise<number> => {
        const response = await fetch(`${nginx.url}/api/articles/import`, {
          method: "POST",
          headers: {
            "content-type": "application/x-ndjson",
            ...(authorization ? { authorization } : {}),
          },
          body,
        });
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        return response.status;
      };
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expect(await send()).toBe(401);
        expect(await send(`Bearer ${token}`)).toBe(413);
      }
    },
    PROCESS_TIMEOUT,
  );
}
