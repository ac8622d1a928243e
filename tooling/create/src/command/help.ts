// Renders the text of `--help` from the definitions that the parser uses. Loaded only for `--help`.
import { type CommandDef, renderUsage } from "citty";
import { command, examples } from "./definition.ts";

export async function helpText(colors: boolean): Promise<string> {
  const lines = examples.map((line) => `  ${line}`).join("\n");
  return `${await usageText(command, colors)}\nEXAMPLES\n\n${lines}`;
}

/** The usage of one command. */
export async function usageText(definition: CommandDef, colors: boolean): Promise<string> {
  const usage = await renderUsage(definition);
  return (colors ? usage : Bun.stripANSI(usage)).replace(/ +$/gm, "");
}
