// Standard Schema (https://standardschema.dev): the interface that zod, valibot, arktype and others share.
import { ContentError } from "./error.ts";
import type { Draft } from "./format.ts";
import type { Source } from "./source.ts";

export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema gives: the type of content that it checked. */
export type Output<S extends Schema> = NonNullable<S["~standard"]["types"]>["output"];

type Result<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A long list of one mistake is not worth a frame for each. */
const MOST_ISSUES = 20;

/**
 * The data as the schema gives it back; a promise only if the schema is asynchronous.
 * @throws {ContentError} `schema`, with the first 20 issues, each at the place in the file that it is about.
 */
export function checked(schema: Schema, draft: Draft, source: Source): unknown | Promise<unknown> {
  const accepted = (result: Result<unknown>): unknown => {
    if (result.issues === undefined) return result.value;
    const left = result.issues.length - MOST_ISSUES;
    const diagnostics = result.issues.slice(0, MOST_ISSUES).map(({ message, path = [] }, index) => {
      const keys = path.map((part) => (typeof part === "object" ? part.key : part));
      const about = keys.length === 0 ? message : `${keys.map(String).join(".")}: ${message}`;
      const more = index === MOST_ISSUES - 1 && left > 0 ? `, and ${left} more` : "";
      return source.diagnostic(draft.locate(keys), about + more);
    });
    throw new ContentError("schema", diagnostics);
  };
  const broken = (error: unknown): never => {
    if (error instanceof ContentError) throw error;
    throw source.error("schema", draft.locate([]), `the schema threw: ${error}`, error);
  };
  try {
    const result = schema["~standard"].validate(draft.data);
    return result instanceof Promise ? result.then(accepted).catch(broken) : accepted(result);
  } catch (error) {
    return broken(error);
  }
}
