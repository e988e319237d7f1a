/** Times as people say them. */
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const whole = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

export function timeOfDay(iso: string): string {
  return clock.format(new Date(iso));
}

export function dateTime(time: string | number): string {
  return whole.format(new Date(time));
}

/** `just now`, `5 min ago`, `yesterday`, then the date. */
export function ago(time: string | number, now = Date.now()): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000);
  if (seconds < 45) return seconds < -45 ? dateTime(time) : 'just now';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.round(hours / 24);
  return days === 1 ? 'yesterday' : days < 7 ? `${days} days ago` : day.format(new Date(time));
}

/** `120 ms`, `2.4 s`, `5 min`, `3 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

const figures = new Intl.NumberFormat('en');
export function count(value: number): string {
  return figures.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
