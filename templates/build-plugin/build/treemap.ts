// The layout of a treemap: rectangles with areas proportional to sizes, as square as possible.

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Squarified layout (Bruls, Huizing, van Wijk 2000) of positive sizes, largest first.
 * @returns a rectangle for each size, in order; together they fill `area`.
 */
export function squarify(sizes: readonly number[], area: Rectangle): Rectangle[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const scale = (area.width * area.height) / total;
  const placed: Rectangle[] = [];
  let rest = area;
  let remaining = sizes.map((size) => size * scale);
  while (remaining.length > 0) {
    const side = Math.min(rest.width, rest.height);
    const count = bestRow(remaining, side);
    const row = remaining.slice(0, count);
    remaining = remaining.slice(count);
    const depth = row.reduce((sum, value) => sum + value, 0) / side;
    let offset = 0;
    for (const value of row) {
      const length = value / depth;
      placed.push(
        rest.width < rest.height
          ? { x: rest.x + offset, y: rest.y, width: length, height: depth }
          : { x: rest.x, y: rest.y + offset, width: depth, height: length },
      );
      offset += length;
    }
    rest =
      rest.width < rest.height
        ? { ...rest, y: rest.y + depth, height: rest.height - depth }
        : { ...rest, x: rest.x + depth, width: rest.width - depth };
  }
  return placed;
}

/** Returns how many sizes to put into the next row, so that its worst aspect ratio is as close to 1 as possible. */
function bestRow(sizes: readonly number[], side: number): number {
  const largest = sizes[0] ?? 0;
  let sum = 0;
  let best = Number.POSITIVE_INFINITY;
  for (const [count, size] of sizes.entries()) {
    sum += size;
    const worst = Math.max((side ** 2 * largest) / sum ** 2, sum ** 2 / (side ** 2 * size));
    if (worst > best) return count;
    best = worst;
  }
  return sizes.length;
}
