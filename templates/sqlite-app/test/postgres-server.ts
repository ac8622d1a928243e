// A separate PostgreSQL server with a Unix socket and TLS, for tests of connections.
import { chmodSync } from "node:fs";
import { Folder } from "./folder.ts";
import { freePort } from "./free-port.ts";
import { findProgram } from "./postgres-programs.ts";

/** The programs that are missing on this machine. Without them, the server cannot be started. */
export const missingForServer = ["initdb", "postgres", "openssl"].filter(
  (name) => !findProgram(name),
);

/** The server refuses to run as root. */
const AS_USER = process.getuid?.() === 0 ? ["setpriv", "--reuid=nobody", "--clear-groups"] : [];

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** Folder of the Unix socket. */
  readonly socket: string;
  /** File of the certificate, for `localhost`. */
  readonly certificate: string;
}

export async function startPostgres(): Promise<PostgresServer> {
  const folder = new Folder();
  chmodSync(folder.path, 0o777);
  const data = folder.join("data");
  const [key, certificate] = [folder.join("server.key"), folder.join("server.crt")] as const;
  const port = await freePort();
  await run("initdb", "-D", data, "-U", "postgres", "-A", "trust");
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject];
  await run("openssl", ...request, "-keyout", key, "-out", certificate);
  const settings = {
    port,
    unix_socket_directories: folder.path,
    listen_addresses: "localhost",
    ssl: "on",
    ssl_key_file: key,
    ssl_cert_file: certificate,
    fsync: "off",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = Bun.spawn([...AS_USER, findProgram("postgres") ?? "", "-D", data, ...options], {
    stdout: "ignore",
    stderr: "ignore",
  });
  return {
    port,
    socket: folder.path,
    certificate,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const command = [...AS_USER, findProgram(program) ?? "", ...args];
  const child = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
  const errors = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`${program}: ${errors}`);
}
