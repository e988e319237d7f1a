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
