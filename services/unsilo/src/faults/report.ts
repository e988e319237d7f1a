import { cpus } from 'node:os';
import type { Campaign } from './campaign.js';
import { FAULT_POINTS } from './kill-points.js';

export interface Verdict {
  good: boolean;
  customersEqual: boolean;
  membershipsEqual: boolean;
  interactionsEqual: boolean;
  /** What is wrong with either run. */
  faults: string[];
}

export function judge(calm: Campaign, disturbed: Campaign): Verdict {
  const [a, b] = [calm.findings, disturbed.findings];
  const customersEqual = a.customersHash === b.customersHash && a.customers === b.customers;
  const membershipsEqual = a.membershipHash === b.membershipHash && a.memberships === b.memberships;
  const interactionsEqual = a.interactionsHash === b.interactionsHash && a.interactions === b.interactions;
  const faults = [
    ...faultsOf('undisturbed', calm),
    ...faultsOf('killed', disturbed),
    ...(customersEqual ? [] : ['killed: the customers are not those of the undisturbed run']),
    ...(membershipsEqual ? [] : ['killed: who belongs to whom is not as in the undisturbed run']),
    ...(interactionsEqual ? [] : ['killed: the interactions are not those of the undisturbed run']),
  ];
  return { good: faults.length === 0, customersEqual, membershipsEqual, interactionsEqual, faults };
}

function faultsOf(name: string, { findings, problems }: Campaign): string[] {
  const { lost, twice, unequal, deadLetters } = findings;
  return [...lost, ...twice, ...unequal, ...deadLetters, ...problems].map((fault) => `${name}: ${fault}`);
}

export function reportInWords(
  options: { kills: number; events: number; seed: number },
  calm: Campaign,
  disturbed: Campaign,
  verdict: Verdict,
): string {
  const { findings, kills } = disturbed;
  const yes = (good: boolean): string => (good ? 'yes' : '**no**');
  const rows: (readonly [string, Campaign['kills']])[] = FAULT_POINTS.map((point) => [
    point,
    kills.filter((k) => k.point === point),
  ]);
  const unreached = kills.filter((k) => k.point === undefined);
  if (unreached.length > 0) rows.push(['planned point not reached, killed from outside', unreached]);
  rows.push(['all', kills]);
  const table = rows.map(([name, some]) => {
    const times = some.flatMap((k) => k.recoveryMs ?? []).sort((x, y) => x - y);
    const shown =
      times.length === 0 ? ['', ''] : [median(times), times.at(-1) ?? 0].map((ms) => `${Math.round(ms)} ms`);
    return `| ${name} | ${some.length} | ${shown.join(' | ')} |`;
  });
  return [
    `Command: \`npm run faults -- --kills ${options.kills} --events ${options.events} --seed ${options.seed}\``,
    '',
    `Node ${process.version}, ${process.platform}, ${cpus().length} cores; ${disturbed.seconds.toFixed(0)} s with kills, ${calm.seconds.toFixed(0)} s without.`,
    '',
    '| fault point | kills | recovery, median | recovery, longest |',
    '| --- | ---: | ---: | ---: |',
    ...table,
    '',
    '| after all kills | found |',
    '| --- | --- |',
    `| result | ${verdict.good ? 'nothing wrong' : `**${verdict.faults.length} faults**`} |`,
    `| hash of ${findings.customers} customers equal to the undisturbed run's | ${yes(verdict.customersEqual)} (\`${findings.customersHash.slice(0, 16)}…\`) |`,
    `| ids, members and aliases of ${findings.memberships} customers edited by people and hub equal | ${yes(verdict.membershipsEqual)} |`,
    `| hash of ${findings.interactions} interactions and their replies equal | ${yes(verdict.interactionsEqual)} |`,
    `| events acknowledged | ${findings.acknowledged} |`,
    `| acknowledged events lost | ${findings.lost.length} |`,
    `| commands on the log | ${findings.commands} |`,
    `| effects in the simulated systems | ${findings.effects} |`,
    `| commands delivered again after a kill, recognised by their id | ${findings.recognised} |`,
    `| revisions on the customers topic | ${findings.revisions} |`,
    `| effects twice (commands, writes, replies, revisions) | ${findings.twice.length} |`,
    `| written records that differ from the hub's view or, unexplained, from their customer | ${findings.unequal.length} |`,
    `| differences that the audit explains | ${explained(findings.audit)} |`,
    `| dead letters; problems that the hub or a connector logged | ${findings.deadLetters.length}; ${disturbed.problems.length} |`,
    '',
    ...(verdict.good ? [] : ['Faults:', '', ...verdict.faults.slice(0, 50).map((fault) => `- ${fault}`), '']),
  ].join('\n');
}

function explained(audit: Record<string, number>): string {
  return (
    Object.entries(audit)
      .map(([reason, n]) => `${n} ${reason}`)
      .join(', ') || 'none'
  );
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
