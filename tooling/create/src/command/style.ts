// Emphasizes text with ANSI codes, on terminals with colors only.

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

export function openStyle(colors: boolean): Style {
  const style = ([on, off]: readonly [number, number]) =>
    colors ? (text: string) => `\u001b[${on}m${text}\u001b[${off}m` : (text: string) => text;
  return {
    bold: style(codes.bold),
    dim: style(codes.dim),
    red: style(codes.red),
    green: style(codes.green),
    yellow: style(codes.yellow),
  };
}
