// A real nginx in front of the services of a test.
import { mkdir } from "node:fs/promises";
import { until } from "./child.ts";
import { freePort } from "./free-port.ts";

/** @returns the path of nginx, which Debian installs outside of the PATH of users. */
export async function findNginx(): Promise<string | undefined> {
  const path = Bun.which("nginx") ?? "/usr/sbin/nginx";
  return (await Bun.file(path).exists()) ? path : undefined;
}

export class Nginx {
  private constructor(
    readonly url: string,
    readonly process: Bun.Subprocess,
  ) {}

  /**
   * @param folder an empty folder for everything that nginx writes.
   * @param blocks returns the `server` and `upstream` blocks, of which one listens on `port`.
   */
  static async start(
    nginx: string,
    folder: string,
    blocks: (port: number) => string,
  ): Promise<Nginx> {
    const port = await freePort();
    await mkdir(`${folder}/tmp`);
    const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/tmp/${name};`,
    );
    await Bun.write(
      `${folder}/nginx.conf`,
      `pid ${folder}/pid; error_log ${folder}/error.log; daemon off; events {}
       ${process.getuid?.() === 0 ? "user root;" : ""}
       http { access_log off; ${folders.join(" ")} ${blocks(port)} }`,
    );
    const child = Bun.spawn([nginx, "-p", folder, "-c", `${folder}/nginx.conf`], {
      stdout: "ignore",
      stderr: "ignore",
    });
    const proxy = new Nginx(`http://127.0.0.1:${port}`, child);
    await until(() =>
      fetch(`${proxy.url}/fast`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill();
    await this.process.exited;
  }
}
