/** Gives each name once. Equal ones go on counting where the last one stopped: a thousand of them cost a thousand steps, not a million. */
export class UniqueNames {
  readonly #used = new Set<string>();
  readonly #numbers = new Map<string, number>();

  /** The name, or what `numbered` makes of 2, 3, … where it is taken. */
  take(name: string, numbered: (number: number) => string): string {
    let unique = name;
    let number = this.#numbers.get(name) ?? 2;
    for (; this.#used.has(unique); number += 1) unique = numbered(number);
    if (unique !== name) this.#numbers.set(name, number);
    this.#used.add(unique);
    return unique;
  }
}
