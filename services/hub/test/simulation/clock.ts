interface Appointment {
  at: number;
  order: number;
  action: () => void;
}

/** Virtual time in milliseconds: what is due runs in order of time, then of booking. */
export class Clock {
  now: number;
  private order = 0;
  /** Latest first, so that the next one is popped. */
  private readonly queue: Appointment[] = [];

  constructor(start: number) {
    this.now = start;
  }

  at(time: number, action: () => void): void {
    const entry = { at: Math.max(time, this.now), order: (this.order += 1), action };
    let low = 0;
    let high = this.queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.queue[middle] as Appointment).at > entry.at) low = middle + 1;
      else high = middle;
    }
    this.queue.splice(low, 0, entry);
  }

  after(delay: number, action: () => void): void {
    this.at(this.now + delay, action);
  }

  /** Runs until nothing is booked any more, or `stop` says so. Returns whether the queue is empty. */
  run(stop: () => boolean = () => false): boolean {
    for (let next = this.queue.pop(); next; next = this.queue.pop()) {
      this.now = next.at;
      next.action();
      if (stop()) return this.queue.length === 0;
    }
    return true;
  }
}
