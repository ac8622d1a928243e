// The questions on a terminal. This file, and the prompt library with it, is loaded only to ask.
import { select, text } from "@clack/prompts";
import { CreateError } from "../errors.ts";
import type { Questions } from "./answers.ts";

const SUGGESTION = "my-app";

export function openPrompts(signal: AbortSignal): Questions {
  return {
    directory: async () =>
      kept(
        await text({
          message: "Where shall the project go?",
          placeholder: SUGGESTION,
          defaultValue: SUGGESTION,
          signal,
        }),
      ),
    template: async (templates) =>
      kept(
        await select({
          message: "Which starter?",
          options: templates.map(({ name, title, description }) => ({
            value: name,
            label: title,
            hint: description,
          })),
          signal,
        }),
      ),
  };
}

/** The library answers with a symbol when the user leaves. */
function kept(value: string | symbol): string {
  if (typeof value === "symbol") throw new CreateError("interrupted", "Nothing was created.");
  return value;
}
