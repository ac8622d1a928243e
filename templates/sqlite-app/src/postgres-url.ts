// The one parser of DATABASE_URL: the service, the `db` command, pg_dump, psql and every message use its result.

/** A PostgreSQL connection, in the units and names of libpq. */
export interface ConnectionSettings {
  /** A host name, an address, or the directory of a Unix socket, which starts with `/`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly sslmode: SslMode;
  readonly sslrootcert: string | undefined;
  readonly sslcert: string | undefined;
  readonly sslkey: string | undefined;
  readonly sslpassword: string | undefined;
  readonly channelBinding: ChannelBinding;
  /** Whether statements are prepared by name, which a pooler in transaction mode must support. Default false. */
  readonly prepare: boolean;
  /** Connections in the pool of the service; undefined for its default. */
  readonly max: number | undefined;
  /** Settings of every session, such as `search_path`, `application_name` and `options`. */
  readonly settings: Readonly<Record<string, string>>;
}

const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
type SslMode = (typeof SSL_MODES)[number];
const CHANNEL_BINDINGS = ["disable", "prefer", "require"] as const;
type ChannelBinding = (typeof CHANNEL_BINDINGS)[number];

/** Alternative names of parameters. */
const ALIASES: Readonly<Record<string, string>> = {
  database: "dbname",
  hostname: "host",
  username: "user",
  path: "host",
  socket: "host",
  ssl: "sslmode",
  tls: "sslmode",
};
/** Values of `ssl`, `tls` and `sslmode` that stand for an SSL mode. */
const SSL_VALUES: Readonly<Record<string, SslMode>> = {
  true: "require",
  "1": "require",
  false: "disable",
  "0": "disable",
  allow: "prefer", // Bun has no `allow`.
};

/** Parameters that are accepted and ignored. */
const IGNORED = new Set(
  (
    "connect_timeout fallback_application_name gssencmode idle_timeout keepalives keepalives_count " +
    "keepalives_idle keepalives_interval load_balance_hosts max_lifetime sslcompression sslsni " +
    "target_session_attrs tcp_user_timeout"
  ).split(" "),
);
/** Parameters that change where or how libpq connects, but that Bun does not know. */
const UNSUPPORTED = new Set(
  (
    "client_encoding gssdelegation gsslib hostaddr krbsrvname passfile replication require_auth requirepeer " +
    "requiressl service servicefile ssl_max_protocol_version ssl_min_protocol_version sslcertmode sslcrl " +
    "sslcrldir sslnegotiation"
  ).split(" "),
);

const URI = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const AUTHORITY = /^(\[[^\]]+\]|[^:,[\]]*)(?::(\d*))?$/;

/**
 * Parses a connection URI of PostgreSQL (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).
 * Parameters override the authority. The variables of libpq (`PGHOST`, …) are the defaults.
 * @throws {Error} with a message for the operator, without the password.
 */
export function parsePostgresUrl(
  text: string,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): ConnectionSettings {
  const uri = URI.exec(text.trim()); // A file with a secret often ends with a line end.
  if (uri === null) {
    const hint = "in a user or password, write #, /, ? and @ as %23, %2F, %3F and %40";
    throw new Error(`must be postgres://user:password@host:port/database (${hint})`);
  }
  const [, userInfo = "", authority = "", path = "", query = ""] = uri;
  const address = AUTHORITY.exec(authority);
  if (address === null) throw new Error("must name one host, with a port of digits");
  const separator = userInfo.includes(":") ? userInfo.indexOf(":") : userInfo.length;
  const parameters = parseQuery(query);
  /** Returns the first value that is set: the parameter, then the part of the authority, then the variables. */
  const pick = (name: string, part: string | undefined, ...names: readonly string[]) =>
    [take(parameters, name), part, ...names.map((variable) => variables[variable])].find(
      (value) => value !== undefined && value !== "",
    );

  const user =
    pick("user", decode(userInfo.slice(0, separator), "user"), ...USER_VARIABLES) ?? "postgres";
  const host = pick("host", decode(address[1] ?? "", "host"), "PGHOST") ?? "localhost";
  if (host.includes(",")) throw new Error("must name one host");
  const applicationName = pick("application_name", undefined, "PGAPPNAME");
  const options = pick("options", undefined, "PGOPTIONS");
  const sslmode = pick("sslmode", undefined, "PGSSLMODE") ?? "disable";
  return {
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: port(pick("port", address[2], "PGPORT") ?? "5432"),
    user,
    password:
      pick("password", decode(userInfo.slice(separator + 1), "password"), "PGPASSWORD") ?? "",
    database: pick("dbname", decode(path, "database"), "PGDATABASE") ?? user,
    sslmode: oneOf("sslmode", SSL_VALUES[sslmode] ?? sslmode, SSL_MODES),
    sslrootcert: pick("sslrootcert", undefined, "PGSSLROOTCERT"),
    sslcert: pick("sslcert", undefined, "PGSSLCERT"),
    sslkey: pick("sslkey", undefined, "PGSSLKEY"),
    sslpassword: pick("sslpassword", undefined),
    channelBinding: oneOf(
      "channel_binding",
      pick("channel_binding", undefined, "PGCHANNELBINDING") ?? "disable",
      CHANNEL_BINDINGS,
    ),
    prepare: oneOf("prepare", pick("prepare", undefined) ?? "false", ["true", "false"]) === "true",
    max: positive("max", pick("max", undefined)),
    settings: {
      ...(applicationName === undefined ? {} : { application_name: applicationName }),
      ...(options === undefined ? {} : { options }),
      ...Object.fromEntries(parameters),
    },
  };
}

const USER_VARIABLES = ["PGUSERNAME", "PGUSER", "USER", "USERNAME"];

function parseQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split("&").filter((part) => part !== "")) {
    const [written = "", value = ""] = pair.split(/=(.*)/s);
    const name = decode(written, "query");
    const canonical = ALIASES[name] ?? name;
    if (UNSUPPORTED.has(name)) throw new Error(`has the parameter ${name}, which is not supported`);
    if (parameters.has(canonical)) throw new Error(`sets ${canonical} twice`);
    // Bun reads `PORT` as `port`, but libpq reads it as a setting. Every setting can be written in lower case.
    if (!/^[a-z][a-z0-9_.]*$/.test(name)) {
      throw new Error(`has an invalid parameter ${name}: write it in lower case, with _`);
    }
    if (!IGNORED.has(name)) parameters.set(canonical, decode(value, name));
  }
  return parameters;
}

function take(parameters: Map<string, string>, name: string): string | undefined {
  const value = parameters.get(name);
  parameters.delete(name);
  return value;
}

function decode(text: string, part: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch (cause) {
    throw new Error(`has a % in its ${part} that starts no percent-encoding: write it as %25`, {
      cause,
    });
  }
  if (decoded.includes("\0")) throw new Error(`has a NUL in its ${part}`);
  return decoded;
}

function port(text: string): number {
  const number = positive("port", text) ?? 0;
  if (number > 65_535) throw new Error("must have a port of at most 65535");
  return number;
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`must have a positive whole number as ${name}`);
  return Number(text);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new Error(`must have one of ${allowed.join(", ")} as ${name}`);
}

/** Returns the arguments of `new SQL`. They set every field, so that Bun does not read the environment itself. */
export function sqlArguments(connection: ConnectionSettings) {
  const { host, port, user, password, database, settings } = connection;
  const isSystemStore = connection.sslrootcert === "system";
  const query = new URLSearchParams({
    host: host.includes(":") && !host.startsWith("/") ? `[${host}]` : host,
    port: String(port),
    sslmode: connection.sslmode,
    channel_binding: connection.channelBinding,
    ...defined({
      sslrootcert: isSystemStore ? undefined : connection.sslrootcert,
      sslcert: connection.sslcert,
      sslkey: connection.sslkey,
      sslpassword: connection.sslpassword,
    }),
    ...settings,
  });
  const url = `postgres://localhost/?${query}`;
  // An option, because PGDATABASE would override the database of a URL.
  const options = { username: user, password, database, prepare: connection.prepare };
  return [url, options] as const;
}

/**
 * Returns the environment for a program that uses libpq, such as pg_dump: `variables`, with those of libpq replaced by
 * the connection. Unlike arguments, the environment does not show the password to other users.
 * @throws {Error} if libpq cannot read a parameter from the environment; names the parameter.
 */
export function libpqVariables(
  connection: ConnectionSettings,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const { sslmode, sslrootcert, settings } = connection;
  if (connection.sslpassword !== undefined) {
    throw new Error("PostgreSQL's programs can't be given the sslpassword of DATABASE_URL.");
  }
  if (sslmode.startsWith("verify") && sslrootcert === undefined) {
    throw new Error(
      `PostgreSQL's programs need a certificate file for sslmode=${sslmode}: add sslrootcert to DATABASE_URL.`,
    );
  }
  const { application_name, options, ...others } = settings;
  const flags = Object.entries(others).map(
    ([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, "\\$&")}`,
  );
  const own = Object.entries(variables).filter(([name]) => !name.startsWith("PG"));
  return {
    ...defined(Object.fromEntries(own)),
    ...defined({
      PGHOST: connection.host,
      PGPORT: String(connection.port),
      PGUSER: connection.user,
      PGPASSWORD: connection.password || undefined,
      PGDATABASE: connection.database,
      PGSSLMODE: sslmode,
      PGSSLROOTCERT: sslrootcert,
      PGSSLCERT: connection.sslcert,
      PGSSLKEY: connection.sslkey,
      PGCHANNELBINDING: connection.channelBinding,
      PGAPPNAME: application_name,
      PGOPTIONS: [options, ...flags].filter((flag) => flag !== undefined).join(" ") || undefined,
      PGCONNECT_TIMEOUT: "10",
      PGCLIENTENCODING: "UTF8", // The service uses it. The default would be the encoding of the database.
    }),
  };
}

/** Describes the database in messages, without the password. */
export function describeConnection({ host, port, database }: ConnectionSettings): string {
  const server = host.startsWith("/") ? encodeURIComponent(host) : host;
  return `postgres://${server.includes(":") ? `[${server}]` : server}:${port}/${encodeURIComponent(database)}`;
}

function defined<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined),
  );
}
