/** Resolves when the condition holds; looked at between turns of the event loop, without a fixed pause. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 20_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((done) => setTimeout(done, 2));
  }
}

/** A promise to be settled from outside. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}
export function gate(): Gate {
  let open!: () => void;
  const passed = new Promise<void>((done) => (open = done));
  return { passed, open };
}

/** The code of the error that a promise rejects with; undefined when it resolves. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
