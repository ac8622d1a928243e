// Standard Schema (https://standardschema.dev): the interface that zod, valibot, arktype and others share.
import { ContentError } from "./error.ts";
import type { Parsed, Source } from "./format.ts";

export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Output> | PromiseLike<Result<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The type of the data that a schema returns. */
export type Output<S extends Schema> = NonNullable<S["~standard"]["types"]>["output"];

type Result<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Limit of the issues in an error, because one mistake that is repeated in a long list would fill the terminal. */
const MAX_ISSUES = 20;

/**
 * Returns the data as the schema returns it; a promise only if the schema is asynchronous.
 * @throws {ContentError} `schema`, with the first 20 issues, each at its position in the file.
 */
export function checkData(schema: Schema, parsed: Parsed, source: Source): unknown {
  const accept = (result: Result<unknown>): unknown => {
    if (result.issues === undefined) return result.value;
    throw issuesError(result.issues, parsed, source);
  };
  const fail = (error: unknown): never => {
    throw source.error("schema", parsed.locate([]), `the schema threw: ${error}`, error);
  };
  let result: Result<unknown> | PromiseLike<Result<unknown>>;
  try {
    result = schema["~standard"].validate(parsed.data);
  } catch (error) {
    return fail(error);
  }
  return "then" in result ? Promise.resolve(result).then(accept, fail) : accept(result);
}

function issuesError(
  issues: readonly Issue[],
  { data, locate }: Parsed,
  source: Source,
): ContentError {
  const hidden = issues.length - MAX_ISSUES;
  const diagnose = ({ message, path = [] }: Issue, index = 0) => {
    const keys = path.map((part) => (typeof part === "object" ? part.key : part));
    const rest = index === MAX_ISSUES - 1 && hidden > 0 ? `, and ${hidden} more` : "";
    return source.diagnostic(locate(keys), describeIssue(message, keys, data) + rest);
  };
  const shown = issues.slice(0, MAX_ISSUES).map(diagnose);
  const [first = diagnose({ message: "the schema gives no reason" }), ...others] = shown;
  return new ContentError("schema", [first, ...others]);
}

/** `title is missing`, or `tags[0]: Invalid input: …`. */
function describeIssue(message: string, keys: readonly PropertyKey[], data: unknown): string {
  if (keys.length === 0) return message;
  const steps = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  const field = steps.join("").replace(/^\./, "");
  if (!isMissing(keys, data)) return `${field}: ${message}`;
  // Schemas describe a missing field as a value of the wrong type. A custom message is shown as well.
  const isGeneric = /\b(undefined|missing|required)\b/i.test(message);
  return isGeneric ? `${field} is missing` : `${field} is missing: ${message}`;
}

/** Returns whether the last key is missing in the data, and all keys before it exist. */
function isMissing(keys: readonly PropertyKey[], data: unknown): boolean {
  let value = data;
  for (const [index, key] of keys.entries()) {
    if (typeof value !== "object" || value === null) return false;
    if (!Object.hasOwn(value, key)) return index === keys.length - 1;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return false;
}
