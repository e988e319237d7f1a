/** How to end what has been opened so far: last first, each whatever became of the others. */
export class Ending {
  readonly #ends: (() => Promise<void>)[] = [];
  #all: Promise<void> | undefined;

  add(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  get begun(): boolean {
    return this.#all !== undefined;
  }

  /** Repeats are harmless. @throws the first failure, after everything has been tried */
  all(): Promise<void> {
    this.#all ??= this.#run();
    return this.#all;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0).reverse()) await end().catch((error: unknown) => void failures.push(error));
    if (failures.length > 0) throw failures[0] instanceof Error ? failures[0] : new Error(String(failures[0]));
  }
}
