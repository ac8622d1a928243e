// The questions on a terminal. This file, and the prompt library with it, is only loaded to ask.
import { isCancel, log, multiselect, select, text, updateSettings } from "@clack/prompts";
import { CreateError } from "../errors.ts";
import type { Check, Questions } from "./answers.ts";
import type { Keyboard } from "./keyboard.ts";

const SUGGESTION = "my-app";
const CTRL_D = "\u0004";

export function openPrompts({ keys: input }: Keyboard, signal: AbortSignal): Questions {
  updateSettings({ aliases: { [CTRL_D]: "cancel" } });
  const ask = async (message: string, check: Check, suggestion = "") => {
    const answerIn = (typed = "") => typed.trim() || suggestion;
    const typed = await text({
      message,
      ...(suggestion === "" ? {} : { placeholder: suggestion, defaultValue: suggestion }),
      validate: (value) => refusal(check(answerIn(value))),
      input,
      signal,
    });
    return answerIn(notCancelled(typed));
  };
  return {
    directory: (check) => ask("Where should we create your project?", check, SUGGESTION),
    name: async ({ message }, check) => {
      log.warn(message);
      return ask("What should the package be called?", check);
    },
    template: async (templates) => {
      const width = Math.max(...templates.map(({ name }) => name.length));
      const options = templates.map(({ name, description }) => ({
        value: name,
        label: `${name.padEnd(width)}  ${description}`,
      }));
      return notCancelled(await select({ message: "Which starter?", options, input, signal }));
    },
    features: async (features) => {
      const names = features.map(({ name }) => name);
      // The description is a hint, because the library prints the labels of the selected options after the answer.
      const options = features.map(({ name, description }) => ({ value: name, hint: description }));
      const message = "Which features? (space selects or deselects, enter continues)";
      const kept = notCancelled(
        await multiselect({
          message,
          options,
          initialValues: names,
          required: false,
          input,
          signal,
        }),
      );
      return names.filter((name) => !kept.includes(name));
    },
  };
}

/** The message and the hint without `--name`: at a prompt, the user types the name. */
function refusal(error: CreateError | undefined): string | undefined {
  const hint = error?.hint?.replace(" with --name <package-name>", "").replace("--name ", "");
  return error && [error.message, hint].filter(Boolean).join("\n");
}

/** The library returns a symbol when the user cancels. */
function notCancelled<Value>(value: Value): Exclude<Value, symbol> {
  if (isCancel(value)) throw new CreateError("interrupted", "Nothing was created.");
  return value as Exclude<Value, symbol>;
}
