// Runs PgBouncer in transaction mode in front of the server that DATABASE_URL names.
import { chmodSync, writeFileSync } from "node:fs";
import { Folder } from "./folder.ts";
import { freePort } from "./free-port.ts";

export const PGBOUNCER = Bun.which("pgbouncer", { PATH: `${process.env.PATH}:/usr/sbin` });

/** @returns the same database behind PgBouncer, until it is disposed of. */
export async function behindPgBouncer(
  databaseUrl: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = new Folder();
  const port = await freePort();
  const { hostname, port: upstream, username, password } = new URL(databaseUrl);
  const login = `user=${username}${password ? ` password=${password}` : ""}`;
  writeFileSync(
    folder.join("pgbouncer.ini"),
    `[databases]\n* = host=${hostname} port=${upstream || 5432} ${login}
[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nunix_socket_dir=\nauth_type=any
pool_mode=transaction\ndefault_pool_size=3\nmax_client_conn=500\nlog_connections=0\nlog_disconnections=0\n`,
  );
  chmodSync(folder.path, 0o755);
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ["setpriv", "--reuid=nobody", "--clear-groups"] : [];
  const child = Bun.spawn([...user, PGBOUNCER ?? "", "-q", folder.join("pgbouncer.ini")], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  const isUp = () =>
    Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } }).then(
      (socket) => {
        socket.end();
        return true;
      },
      () => false,
    );
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}.`);
    await Bun.sleep(20);
  }
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}
