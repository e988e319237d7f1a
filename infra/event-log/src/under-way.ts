/** Whether it ended in that time, one way or the other; it may go on by itself. Never rejects. */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((settle) => (timer = setTimeout(() => settle(false), ms)));
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Work that a close must wait for. */
export class UnderWay {
  private readonly pending = new Set<Promise<unknown>>();

  async track<Result>(work: Promise<Result>): Promise<Result> {
    this.pending.add(work);
    try {
      return await work;
    } finally {
      this.pending.delete(work);
    }
  }

  /** Resolves when everything that was under way has ended, however it did. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.pending);
  }
}
