// Distinguishes users with the same or a similar name by a tag, which is the start of their id.

/**
 * Characters that look like a Latin letter, by that letter (UTS #39, confusables). `skeleton` looks them up after NFKD,
 * and then in lower case: a capital letter is listed if its small letter does not look like the Latin one.
 */
const LOOKALIKES = new Map(
  Object.entries({
    a: "аɑαᴀ⍺ꭺⲁꓮ",
    b: "ьƅвʙᏏᖯΒꓐ",
    c: "сϲᴄⅽᏟꮯ",
    d: "ԁⅾᏧᏯꓒꓓᎠ",
    e: "еҽ℮ɛεᴇꭼꓰ",
    f: "ſϝꬵք",
    g: "ɡցɢԍᶃƍ",
    h: "һհнʜΗᎻ",
    i: "іıɩιӏlⅼ1|!ǀɪꙇꓲʟᏞ",
    j: "јϳʝ",
    k: "кκᴋⲕ",
    m: "мᴍⅿΜᎷ",
    n: "пոռɴΝ",
    o: "оοօ0σᴏоഠ໐๐०੦૦௦೦ⲟ",
    p: "рρ⍴ϱᴘⲣᏢ",
    q: "ԛգզ",
    r: "гᴦⲅʀꭇ",
    s: "ѕꜱƽς5Ꮪ",
    t: "тτᴛᎢ",
    u: "υսцᴜʋ",
    v: "νѵᴠⅴ",
    w: "ѡԝաᴡɯωᎳ",
    x: "хχ×ⅹ᙮",
    y: "уүγʏყΥ",
    z: "ᴢʐ2ΖᏃ",
  }).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
);

/** Two names that look the same have the same skeleton (UTS #39, section 4, with a shorter table). */
export function skeleton(name: string): string {
  const plain = name.normalize("NFKD").replace(/[\p{M}\p{Default_Ignorable_Code_Point}\s]/gu, "");
  return [...plain]
    .map((letter) => LOOKALIKES.get(letter) ?? letter.toLowerCase())
    .map((letter) => LOOKALIKES.get(letter) ?? letter)
    .join("")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/**
 * Returns the label of each user, by id: names that look the same get a tag. So does a name that looks like another one
 * with a tag. @param names by id.
 */
export function labels(names: ReadonlyMap<string, string>): Map<string, string> {
  const result = new Map(names);
  const untagged = (id: string) => skeleton(names.get(id) ?? "").replace(/(?<=.)#.*/s, "");
  for (const ids of Map.groupBy(names.keys(), untagged).values()) {
    if (ids.length === 1) continue;
    let length = 4;
    while (new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length += 1;
    for (const id of ids) result.set(id, `${names.get(id)} #${id.slice(0, length)}`);
  }
  return result;
}
