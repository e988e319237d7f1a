import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

export const DEPLOY = resolve(import.meta.dirname, '../../../../infra/deploy');

export interface Alert {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

export function alerts(): Alert[] {
  const { groups } = parse(readFileSync(resolve(DEPLOY, 'prometheus/rules.yml'), 'utf8')) as {
    groups: { rules: Alert[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** What an expression reads: names of series, with the labels by which it picks them. */
export function selected(expr: string): { name: string; labels: string[] }[] {
  return [...expr.matchAll(/\b(unsilo_[a-z_]+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
  }));
}

/** Names of series in Prometheus' text format, with the labels that they have. */
export function series(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? /gm)) {
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

/** Titles and expressions of the dashboard's panels. */
function panels(): { title: string; expr: string }[] {
  const dashboard = JSON.parse(readFileSync(resolve(DEPLOY, 'grafana/unsilo.json'), 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  return dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
}

/** What alerts and the dashboard read that isn't there, with the names of the alert or panel. */
export function missing(there: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const all = [...alerts().map(({ alert, expr }) => ({ title: alert, expr })), ...panels()];
  return all.flatMap(({ title, expr }) =>
    selected(expr).flatMap(({ name, labels }) => {
      const known = there.get(name);
      if (known === undefined) return [`${title}: ${name}`];
      return labels.filter((label) => !known.has(label)).map((label) => `${title}: ${name}{${label}}`);
    }),
  );
}
