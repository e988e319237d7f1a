import { computed, signal } from '@preact/signals';
import { api } from '../api/client.js';
import type { System, SystemList } from '../api/types.js';

/** The connected systems, asked for again and again while a view shows them. */
export const systems = signal<readonly System[]>([]);
export const systemsKnown = signal(false);
export const systemsUnreachable = signal(false);

const POLL_MS = 2000;
/** Two looks that follow one another sooner say nothing about pace. */
const SHORTEST_SAMPLE_MS = 1000;
const SAMPLES = 45;

/** Changes a second of each system, oldest first, one sample for each poll. */
export const pace = signal<Readonly<Record<string, readonly number[]>>>({});
const byName = computed(() => new Map(systems.value.map((system) => [system.system, system])));

let before: { at: number; totals: Record<string, number> } | undefined;
let watchers = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function systemTitle(name: string): string {
  return byName.value.get(name)?.title ?? name;
}

export function systemNamed(name: string): System | undefined {
  return byName.value.get(name);
}

/** Puts a newer state of one system in its place. */
export function replaceSystem(changed: System): void {
  systems.value = systems.value.map((one) => (one.system === changed.system ? changed : one));
}

export async function refreshSystems(): Promise<void> {
  try {
    const { items } = await api.get<SystemList>('/v1/systems');
    measure(items);
    systems.value = items;
    systemsKnown.value = true;
    systemsUnreachable.value = false;
  } catch {
    systemsUnreachable.value = true;
  }
}

/** Keeps the systems fresh until the function that it answers is called. */
export function watchSystems(): () => void {
  watchers += 1;
  if (watchers === 1) void poll();
  return () => {
    watchers -= 1;
    if (watchers > 0) return;
    clearTimeout(timer);
    before = undefined;
  };
}

async function poll(): Promise<void> {
  if (!document.hidden) await refreshSystems();
  if (watchers > 0) timer = setTimeout(() => void poll(), POLL_MS);
}

function measure(items: readonly System[]): void {
  const now = Date.now();
  if (before && now - before.at < SHORTEST_SAMPLE_MS) return;
  const totals: Record<string, number> = {};
  const samples: Record<string, readonly number[]> = {};
  for (const { system, counts } of items) {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    totals[system] = total;
    const known = pace.value[system] ?? [];
    const past = before?.totals[system];
    const rate = before && past !== undefined ? Math.max(0, ((total - past) * 1000) / (now - before.at)) : undefined;
    samples[system] = rate === undefined ? known : [...known, rate].slice(-SAMPLES);
  }
  before = { at: now, totals };
  pace.value = samples;
}
