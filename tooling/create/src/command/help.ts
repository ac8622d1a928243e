// Renders the text of `--help` from the definitions that the parser uses. Loaded only for `--help`.
import { renderUsage } from "citty";
import { command, examples } from "./definition.ts";

export async function helpText(colors: boolean): Promise<string> {
  const usage = await renderUsage(command);
  const text = `${usage}\nEXAMPLES\n\n${examples.map((line) => `  ${line}`).join("\n")}`;
  return (colors ? text : Bun.stripANSI(text)).replace(/ +$/gm, "");
}
