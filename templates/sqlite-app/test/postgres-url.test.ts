// DATABASE_URL: Bun's SQL and PostgreSQL's programs get the same connection, or the parameter is refused by name.
import { expect, test } from "bun:test";
import { SQL } from "bun";
import {
  describeConnection,
  libpqVariables,
  parsePostgresUrl,
  sqlArguments,
} from "../src/postgres-url.ts";

/** Returns the connection that Bun reads from a URL, with the names of libpq. */
function seenByBun(url: string, variables: Record<string, string> = {}) {
  const [text, options] = sqlArguments(parsePostgresUrl(url, variables));
  const resolved = new SQL(text, options).options as unknown as {
    hostname: string;
    port: number;
    path?: string;
    username: string;
    database: string;
    query: string;
  };
  const { hostname, port, path, username, database } = resolved;
  const host = path?.replace(/\/\.s\.PGSQL\.\d+$/, "") ?? hostname.replace(/^\[(.*)\]$/, "$1");
  const settings = resolved.query.split("\0").slice(0, -1);
  return { host, port: `${port}`, user: username, database, settings };
}

function seenByPrograms(url: string, variables: Record<string, string> = {}) {
  const seen = libpqVariables(parsePostgresUrl(url, variables), variables);
  return { host: seen.PGHOST, port: seen.PGPORT, user: seen.PGUSER, database: seen.PGDATABASE };
}

test.each([
  ["postgres://u:p@db.example.com:6432/app", "db.example.com", "6432", "u", "app"],
  ["postgresql://u@h", "h", "5432", "u", "u"],
  ["postgres://u@h/app\n", "h", "5432", "u", "app"],
  ["postgres://u@h/a?host=other&port=7&user=v&dbname=b", "other", "7", "v", "b"],
  ["postgres://u@h/a?database=b", "h", "5432", "u", "b"],
  [
    "postgres://u:p@/app?host=/cloudsql/project:region:name",
    "/cloudsql/project:region:name",
    "5432",
    "u",
    "app",
  ],
  ["postgres://u@%2Fvar%2Frun%2Fpostgresql:99/app", "/var/run/postgresql", "99", "u", "app"],
  ["postgres://u@[2001:db8::1]:77/app", "2001:db8::1", "77", "u", "app"],
  ["postgres://a%40b:p%23w@h/my%20app", "h", "5432", "a@b", "my app"],
])("Bun and the programs connect to the same database: %s", (url, host, port, user, database) => {
  // Bun alone would prefer this variable to the database of the URL.
  const variables: Record<string, string> = database === "u" ? {} : { PGDATABASE: "wrong" };
  expect(seenByBun(url, variables)).toMatchObject({ host, port, user, database });
  expect(seenByPrograms(url, variables)).toEqual({ host, port, user, database });
});

test("variables of libpq fill in what the URL leaves open", () => {
  const variables = { PGHOST: "h", PGPORT: "7", PGUSER: "u", PGDATABASE: "a" };
  const expected = { host: "h", port: "7", user: "u", database: "a" };
  expect(seenByBun("postgres://", variables)).toMatchObject(expected);
  expect(seenByPrograms("postgres://", variables)).toEqual(expected);
});

test("session settings reach both, with spaces and backslashes", () => {
  const url = "postgres://u@h/a?search_path=one,%20two&options=-c%20geqo%3Doff&application_name=x";
  const { settings } = seenByBun(url);
  expect(settings).toEqual([
    "application_name",
    "x",
    "options",
    "-c geqo=off",
    "search_path",
    "one, two",
  ]);
  expect(libpqVariables(parsePostgresUrl(url, {}), {})).toMatchObject({
    PGAPPNAME: "x",
    PGOPTIONS: "-c geqo=off -c search_path=one,\\ two",
  });
});

test("TLS files reach both", () => {
  const url =
    "postgres://u@h/a?sslmode=verify-full&sslrootcert=/ca.crt&sslcert=/c.crt&sslkey=/c.key";
  expect(libpqVariables(parsePostgresUrl(url, {}), { PGSERVICE: "other" })).toMatchObject({
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: "/ca.crt",
    PGSSLCERT: "/c.crt",
    PGSSLKEY: "/c.key",
  });
  expect(
    libpqVariables(parsePostgresUrl(url, {}), { PGSERVICE: "other" }).PGSERVICE,
  ).toBeUndefined();
  const [text] = sqlArguments(parsePostgresUrl(url, {}));
  expect(text).toContain("sslrootcert=%2Fca.crt");
});

test.each([
  ["postgres://u:100%secret@h/a", "password"],
  ["postgres://u:a#b@h/a", "%23"],
  ["postgres://u@h1:1,h2:2/a", "one host"],
  ["postgres://u@/a?host=h1,h2", "one host"],
  ["postgres://u@h:99999/a", "port"],
  ["postgres://u@h/a?hostaddr=192.0.2.1", "hostaddr"],
  ["postgres://u@h/a?host=b&hostname=c", "host twice"],
  ["postgres://u@h/a?PORT=1", "parameter PORT"],
  ["postgres://u@h/a?search-path=x", "parameter search-path"],
  ["postgres://u@h/a?sslmode=maybe", "sslmode"],
  ["mysql://u:secret@h/a", "postgres://"],
])("an invalid URL is refused with the reason, and without its password: %s", (url, reason) => {
  expect(() => parsePostgresUrl(url, {})).toThrow(reason);
  expect(() => parsePostgresUrl(url, {})).not.toThrow("secret");
});

test("a message names the server and the database, and no password", () => {
  const connection = parsePostgresUrl("postgres://u:secret@ignored/a?host=/run/pg&port=7", {});
  expect(describeConnection(connection)).toBe("postgres://%2Frun%2Fpg:7/a");
});
