// Emphasizes text with ANSI codes, on terminals with colors only.

export type Style = ReturnType<typeof openStyle>;

export function openStyle(colors: boolean) {
  const style = (on: number, off: number) => (text: string) =>
    colors ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
  };
}
