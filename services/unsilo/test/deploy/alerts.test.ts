import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyConfiguration } from '../../src/configuration/configuration.js';
import { createLogger } from '../../src/running/logger.js';
import { systemsHere } from '../../src/running/start-role.js';
import { startUnsilo } from '../../src/running/start.js';
import { temporaryFolder } from '../support/folders.js';
import { Rolodex } from '../support/rolodex.js';
import { eventually } from '../support/waiting.js';
import { alerts, DEPLOY, missing, selected, series } from './alerts.js';

const RUNBOOK = join(DEPLOY, 'runbook');

describe('alerts', () => {
  const folder = temporaryFolder();

  it('have a name each, a severity, and a page of the runbook; no page is left over', () => {
    const names = alerts().map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    expect(readdirSync(RUNBOOK).sort()).toEqual(names.map((name) => `${name}.md`).sort());
    for (const { alert, labels, annotations } of alerts()) {
      expect(annotations.runbook).toBe(`infra/deploy/runbook/${alert}.md`);
      expect(['warning', 'critical']).toContain(labels.severity);
    }
  });

  it('have pages that say what it means, what it costs, where to look and what to do', () => {
    for (const { alert } of alerts()) {
      const page = readFileSync(join(RUNBOOK, `${alert}.md`), 'utf8');
      expect(page.startsWith(`# ${alert}\n`)).toBe(true);
      for (const part of ['Means', 'Costs', 'Look', 'Do']) expect(page).toContain(`\n**${part}.** `);
      for (const [, target = ''] of page.matchAll(/\]\(([^)]+)\)/g))
        expect(existsSync(join(RUNBOOK, target))).toBe(true);
    }
  });

  it('and the dashboard read nothing that no process says', async () => {
    const crm = new Rolodex('crm');
    crm.write({ id: '1', version: 1, name: 'Ada Lovelace' });
    const empty = emptyConfiguration(folder);
    const one = await startUnsilo(
      { ...empty, http: { ...empty.http, port: 0 }, systems: [crm.configured] },
      { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
    );
    try {
      await one.ready;
      const headers = { authorization: `Bearer ${one.adminKey}` };
      await fetch(`${one.url}/v1/systems`, { headers });
      const text = await eventually(async () => {
        const said = await (await fetch(`${one.url}/metrics`, { headers })).text();
        return said.includes('unsilo_hub_event_delay_seconds_count') ? said : undefined;
      });
      const there = series(text);
      // Said by connector processes, which need servers.
      const { name, samples } = systemsHere(['crm'], []);
      there.set(name, new Set(Object.keys(samples[0]?.labels ?? {})));
      expect(missing(there)).toEqual([]);
      there.delete('unsilo_lag_verdict');
      expect(missing(there)).toContain('UnsiloHubStopped: unsilo_lag_verdict');
      expect(missing(there)).toContain('Verdicts: unsilo_lag_verdict');
    } finally {
      await one.stop();
    }
  });

  it('are read rightly here', () => {
    expect(selected('sum by (le) (rate(unsilo_a_bucket{x=~"a|b", y!="c"}[5m])) / unsilo_b > 0')).toEqual([
      { name: 'unsilo_a_bucket', labels: ['x', 'y'] },
      { name: 'unsilo_b', labels: [] },
    ]);
    expect(series('# HELP a b\nunsilo_a_bucket{x="1",le="+Inf"} 4\nunsilo_b 1\n')).toEqual(
      new Map([
        ['unsilo_a_bucket', new Set(['x', 'le'])],
        ['unsilo_b', new Set()],
      ]),
    );
  });
});
