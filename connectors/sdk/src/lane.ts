/** Carries out works one after the other, in the order in which they were asked for. */
export interface Lane {
  /** One turn of its own. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Asks that wait side by side share one turn, so that what is durable is made so once for all of them. Whatever else was asked for in
   * between keeps its place: the asks before it are one turn, those after it another.
   * @param work Answers one result for each ask, in their order. When it rejects, all of them do.
   */
  shared<Ask, Answer>(
    work: (asks: readonly Ask[]) => Promise<readonly PromiseSettledResult<Answer>[]>,
  ): (ask: Ask) => Promise<Answer>;
}

export function createLane(): Lane {
  let last: Promise<unknown> = Promise.resolve();

  function run<T>(work: () => Promise<T>): Promise<T> {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  }

  return {
    run,
    shared<Ask, Answer>(work: (asks: readonly Ask[]) => Promise<readonly PromiseSettledResult<Answer>[]>) {
      let open:
        { asks: Ask[]; turn: Promise<readonly PromiseSettledResult<Answer>[]>; end: Promise<unknown> } | undefined;
      return async (ask: Ask): Promise<Answer> => {
        if (open === undefined || open.end !== last) {
          const asks: Ask[] = [];
          const turn = run(() => {
            if (open?.asks === asks) open = undefined;
            return work(asks);
          });
          open = { asks, turn, end: last };
        }
        const { asks, turn } = open;
        const place = asks.push(ask) - 1;
        const result = (await turn)[place]!;
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      };
    },
  };
}
