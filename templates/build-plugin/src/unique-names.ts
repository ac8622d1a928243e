// Makes names unique by appending a number to those that are taken.

export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The next number for each name, so that thousands of equal names take linear time. */
  readonly #numbers = new Map<string, number>();

  constructor(
    /** Text between a name and its number. */
    readonly separator: string,
    /** The number of the first name that is taken. */
    readonly firstNumber: number,
  ) {}

  /** Returns the name, with a number if it is taken, and marks the result as taken. */
  take(name: string): string {
    let number = this.#numbers.get(name) ?? this.firstNumber;
    let unique = name;
    while (this.#taken.has(unique)) unique = `${name}${this.separator}${number++}`;
    this.#numbers.set(name, number);
    this.#taken.add(unique);
    return unique;
  }
}
