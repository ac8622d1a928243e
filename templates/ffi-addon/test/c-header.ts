// Reads the exported functions of a C header, and says which types of bun:ffi fit them.

export interface CFunction {
  readonly name: string;
  readonly returns: string;
  readonly args: readonly string[];
}

/**
 * Each scalar type of C, in its shortest spelling, with the types of bun:ffi that pass all of its values. `long` is left out,
 * because it has 32 bits on Windows and 64 on other platforms.
 */
export const SCALARS: Readonly<Record<string, readonly string[]>> = {
  void: ["void"],
  bool: ["bool"],
  _Bool: ["bool"],
  char: ["char", "i8"],
  "signed char": ["i8", "int8_t"],
  "unsigned char": ["u8", "uint8_t"],
  short: ["i16", "int16_t"],
  "unsigned short": ["u16", "uint16_t"],
  int: ["i32", "int", "int32_t"],
  unsigned: ["u32", "uint32_t"],
  "long long": ["i64", "i64_fast", "int64_t"],
  "unsigned long long": ["u64", "u64_fast", "uint64_t"],
  int8_t: ["i8", "int8_t"],
  uint8_t: ["u8", "uint8_t"],
  int16_t: ["i16", "int16_t"],
  uint16_t: ["u16", "uint16_t"],
  int32_t: ["i32", "int32_t", "int"],
  uint32_t: ["u32", "uint32_t"],
  int64_t: ["i64", "i64_fast", "int64_t"],
  uint64_t: ["u64", "u64_fast", "uint64_t"],
  size_t: ["usize", "u64", "u64_fast", "uint64_t"],
  ptrdiff_t: ["i64", "i64_fast", "int64_t"],
  intptr_t: ["i64", "i64_fast", "int64_t"],
  uintptr_t: ["usize", "u64", "u64_fast", "uint64_t"],
  float: ["f32", "float"],
  double: ["f64", "double"],
};

/** @param prefix the macro in front of each exported function. */
export function parseHeader(header: string, prefix: string): CFunction[] {
  const code = header.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|^[ \t]*#.*(\\\n.*)*/gm, " ");
  const exported = code.matchAll(new RegExp(`\\b${prefix}\\s+([^;()]+?)(\\w+)\\s*\\(`, "g"));
  return Array.from(exported, (match) => {
    const [start, returns = "", name = ""] = match;
    const args = splitParameters(code.slice(match.index + start.length));
    return { name, returns: normalize(returns), args: args.map((arg) => withoutName(arg)) };
  });
}

/** The types of bun:ffi that fit. @throws {Error} for a type that cannot cross, such as a struct by value. */
export function ffiTypesFor(type: string, use: "argument" | "result"): readonly string[] {
  if (/^(const char|char const) \*$/.test(type) && use === "result") return ["cstring", "ptr"];
  if (/[*[(]/.test(type)) return ["ptr", "pointer", "buffer", "function", "callback"];
  const plain = normalize(type.replaceAll(/\b(const|volatile)\b/g, ""));
  if (plain.startsWith("enum ")) return ["i32", "u32"];
  const shortest = normalize(plain.replaceAll(/\b(int|signed(?! char))\b/g, ""));
  const found = SCALARS[shortest || "int"];
  if (found) return found;
  throw new Error(
    `No type of bun:ffi is known for "${type}": pass it by pointer, or add it to test/c-header.ts`,
  );
}

/** Splits at commas that are not inside the parentheses of a function pointer. */
function splitParameters(text: string): string[] {
  const parameters = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (depth < 0) break;
    if (character === "," && depth === 0) parameters.push("");
    else parameters[parameters.length - 1] += character;
  }
  const trimmed = parameters.map((parameter) => normalize(parameter));
  return trimmed.length === 1 && /^(void)?$/.test(trimmed[0] ?? "") ? [] : trimmed;
}

/** Takes the name off a parameter: `const float *query` is a `const float *`. */
function withoutName(parameter: string): string {
  if (parameter.includes("(") || parameter.includes("[")) return `${parameter} *`;
  const type = parameter.replace(/\b\w+$/, "").trim();
  const isName =
    !/\b(void|_?[Bb]ool|char|short|int|long|float|double|(un)?signed|const|volatile|restrict)$/.test(
      parameter,
    ) && !/^((const|volatile|enum|struct|union) ?)*$/.test(type);
  return isName ? type : parameter;
}

const normalize = (text: string): string =>
  text.replaceAll(/\s+/g, " ").replaceAll(" *", "*").replaceAll("*", " *").trim();
