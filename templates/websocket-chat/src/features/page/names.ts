// Distinguishes users with the same or a similar name by a tag, which is the start of their id.

/**
 * Characters that look like a Latin letter, by that letter (UTS #39, confusables). `skeleton` looks them up after NFKD
 * and in lower case.
 */
const LOOKALIKES = new Map(
  Object.entries({
    a: "аɑαᴀ⍺ꭺ",
    b: "ьƅвʙᏏᖯ",
    c: "сϲᴄⅽᏟꮯ",
    d: "ԁⅾᏧᏯꓒ",
    e: "еҽ℮ɛεᴇꭼ",
    f: "ſϝꬵք",
    g: "ɡցɢԍᶃƍ",
    h: "һհнʜ",
    i: "іıɩιӏlⅼ1|!ǀɪꙇ",
    j: "јϳʝ",
    k: "кκᴋⲕ",
    m: "мᴍⅿ",
    n: "пոռɴ",
    o: "оοօ0σᴏоഠ໐๐०੦૦௦೦",
    p: "рρ⍴ϱᴘⲣ",
    q: "ԛգզ",
    r: "гᴦⲅʀꭇ",
    s: "ѕꜱƽς5",
    t: "тτᴛ",
    u: "υսцᴜʋ",
    v: "νѵᴠⅴ",
    w: "ѡԝաᴡɯω",
    x: "хχ×ⅹ᙮",
    y: "уүγʏყ",
    z: "ᴢʐ2",
  }).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
);

/** Two names that look the same have the same skeleton (UTS #39, section 4, with a shorter table). */
export function skeleton(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}\s]/gu, "");
  return [...plain]
    .map((letter) => LOOKALIKES.get(letter) ?? letter)
    .join("")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/** Returns the label of each user, by id: names that look the same get a tag. @param names by id. */
export function labels(names: ReadonlyMap<string, string>): Map<string, string> {
  const groups = Map.groupBy(names.keys(), (id) => skeleton(names.get(id) ?? ""));
  const tagged = [...groups.values()].filter((ids) => ids.length > 1).flat();
  return new Map([
    ...names,
    ...tagged.map((id) => [id, `${names.get(id)} #${id.slice(0, 4)}`] as const),
  ]);
}
