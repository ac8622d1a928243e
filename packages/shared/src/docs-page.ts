// GET /docs: a page that lists the operations of an OpenAPI document and sends requests to them.
import { Hono } from "hono";
import { html } from "hono/html";
import { docsScript, docsStyle } from "./docs-assets.ts";
import { pageHeaders } from "./page-headers.ts";

/** The parts of an OpenAPI document that the page shows. */
interface Described {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface DescribedOperation {
  readonly summary?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** @param open returns the OpenAPI document; called when the page is requested. */
export function docsRoutes(open: () => object): Hono {
  const headers = { "cache-control": "no-cache" };
  return new Hono()
    .get("/docs", pageHeaders, (c) => c.html(renderPage(open() as Described), 200, headers))
    .get("/docs.css", (c) => c.body(docsStyle, 200, { ...headers, "content-type": "text/css" }))
    .get("/docs.js", (c) => {
      return c.body(docsScript, 200, { ...headers, "content-type": "text/javascript" });
    });
}

function renderPage({ info, paths = {}, components: { schemas = {} } = {} }: Described) {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method, path })),
  );
  const isPublic = operations.every((operation) => accessOf(operation) === "public");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs.css">
<script src="docs.js" defer></script>
</head>
<body>
<h1>${info.title} <small>${info.version}</small></h1>
<p>The same description for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${isPublic ? "" : html`<label>Bearer token <input id="token" type="password" autocomplete="off"></label>`}
<main>
${operations.map((operation) => renderOperation(operation, schemas))}
</main>
<h2>Schemas</h2>
${Object.entries(schemas).map(
  ([name, schema]) => html`<details>
<summary><code>${name}</code></summary>
<pre>${JSON.stringify(schema, null, 2)}</pre>
</details>
`,
)}
</body>
</html>
`;
}

interface Listed extends DescribedOperation {
  readonly method: string;
  readonly path: string;
}

function renderOperation(operation: Listed, schemas: Record<string, Schema>) {
  const { method, path, summary = "", parameters = [], requestBody, responses } = operation;
  return html`<details class="operation">
<summary><b>${method.toUpperCase()}</b> <code>${path}</code> ${summary} <small>${accessOf(operation)}</small></summary>
<form data-method="${method.toUpperCase()}" data-path="${path}">
${parameters.map(renderParameter)}
${requestBody ? renderBody(requestBody.content, schemas) : ""}
<button>Send</button> <button type="button" disabled>Stop</button>
<output></output>
</form>
<ul>
${Object.entries(responses).map(
  ([status, { description, content = {} }]) =>
    html`<li><b>${status}</b> ${description} <small>${Object.entries(content).map(describeContent).join(", ")}</small></li>
`,
)}
</ul>
</details>
`;
}

function renderParameter({ name, in: location, required = false, schema }: Parameter) {
  return html`<label>${name} <small>${location}${required ? ", required" : ""}</small>
<input name="${name}" data-in="${location}" placeholder="${String(schema?.default ?? "")}" ${required ? "required" : ""}></label>
`;
}

function renderBody(content: Content, schemas: Record<string, Schema>) {
  const { "application/json": json, "multipart/form-data": form } = content;
  if (json) {
    return html`<label>Body <small>${describeContent(["application/json", json])}</small>
<textarea name="body" rows="6" spellcheck="false">${JSON.stringify(exampleOf(json.schema, schemas), null, 2)}</textarea></label>
`;
  }
  const types = Object.keys(content);
  const field = form ? (Object.keys(form.schema?.properties ?? {})[0] ?? "") : "";
  return html`<label>Body <small>${types.join(" or ")}</small>
<input type="file" name="file" data-field="${field}" data-type="${types[0] ?? ""}"></label>
`;
}

function describeContent([type, { schema }]: readonly [string, { readonly schema?: Schema }]) {
  return schema?.$ref ? `${type}: ${schema.$ref.split("/").at(-1)}` : type;
}

/** Describes the access that an operation needs: "public", or its security schemes with their scopes. */
function accessOf({ security = [] }: DescribedOperation): string {
  const schemes = security.flatMap((alternative) =>
    Object.entries(alternative).map(([name, scopes]) => [name, ...scopes].join(" ")),
  );
  if (schemes.length === 0) return "public";
  const isOptional = security.some((alternative) => Object.keys(alternative).length === 0);
  return `${schemes.join(" or ")}${isOptional ? " (optional)" : ""}`;
}

const EXAMPLES: Record<string, unknown> = { array: [], boolean: false, integer: 0, number: 0 };

/** A value of the shape that `schema` describes, for people to edit. */
function exampleOf(schema: Schema = {}, schemas: Record<string, Schema>, depth = 5): unknown {
  const name = schema.$ref?.split("/").at(-1);
  if (depth === 0) return null;
  if (name !== undefined) return exampleOf(schemas[name], schemas, depth - 1);
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.type !== "object") return EXAMPLES[schema.type ?? "string"] ?? "";
  const properties = Object.entries(schema.properties ?? {});
  return Object.fromEntries(
    properties.map(([key, property]) => [key, exampleOf(property, schemas, depth - 1)]),
  );
}
