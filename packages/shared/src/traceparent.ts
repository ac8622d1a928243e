// placeholder until the module lands
export function parseTraceparent(
  _header: string | null | undefined,
): { traceId: string; spanId: string } | undefined {
  return undefined;
}
