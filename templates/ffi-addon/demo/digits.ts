// The data set of the demo: 1797 handwritten digits of 8 x 8 pixels; digits.txt names its source and license.

const side = 8;
export const pixels = side * side;

/** Returns the digit in each picture, and the pictures, one after the other, with pixels from 0 (white) to 16 (black). */
export async function readDigits() {
  const text = await Bun.file(new URL("digits.txt", import.meta.url)).text();
  const rows = text.split("\n").filter((line) => /^\d /.test(line));
  const labels = rows.map((row) => row.slice(0, 1));
  const values = rows.flatMap((row) =>
    Array.from(row.slice(2), (digit) => Number.parseInt(digit, 17)),
  );
  return { labels, pictures: Float32Array.from(values) };
}

const shades = " .:-=+*#%@";

/** The picture as lines of text, two characters for each pixel. */
export function draw(picture: Float32Array): string[] {
  return Array.from({ length: side }, (_, y) =>
    Array.from(picture.subarray(y * side, (y + 1) * side), (ink) => {
      const shade = shades[Math.round((ink / 16) * (shades.length - 1))] ?? " ";
      return shade + shade;
    }).join(""),
  );
}
