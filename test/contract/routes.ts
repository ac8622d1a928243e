// Reads the routes of a service from its /openapi.json, if it has one.

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly accepts: readonly string[];
  readonly returns: readonly string[];
}

/** The routes without a required parameter. */
export async function openRoutes(url: URL): Promise<readonly Route[]> {
  const response = await fetch(new URL("openapi.json", url));
  if (!response.ok) return [];
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => /^(get|post|put|patch|delete)$/.test(method))
      .filter(([, { parameters = [] }]) => !parameters.some(({ required }) => required))
      .map(([method, { requestBody, responses }]) => ({
        method: method.toUpperCase(),
        path,
        accepts: Object.keys(requestBody?.content ?? {}),
        returns: Object.keys(responses["200"]?.content ?? {}),
      })),
  );
}

/** The routes that accept JSON without a session, and so refuse a body that is not JSON. */
export async function jsonRoutes(url: URL): Promise<readonly Route[]> {
  const candidates = (await openRoutes(url)).filter(({ accepts }) =>
    accepts.includes("application/json"),
  );
  const headers = { "content-type": "application/json" };
  const answers = await Promise.all(
    candidates.map(({ method, path }) => fetch(new URL(path, url), { method, headers, body: "{" })),
  );
  // A route that requires a session refuses a request without one first.
  return candidates.filter((_, index) => answers[index]?.status !== 401);
}
