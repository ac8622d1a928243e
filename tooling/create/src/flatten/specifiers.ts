// Finds what the source of a module imports, type-only imports included.

export function specifiers(source: string): string[] {
  const matches = source.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\s]+)["']/g);
  return [...matches].flatMap(([, specifier = ""]) => specifier);
}
