import { cpus } from 'node:os';
import { join } from 'node:path';
import { campaign, type Campaign } from '../campaign.js';
import { judge, type Verdict } from '../report.js';
import { serverCampaign, type ServerCampaign, type ServerCampaignOptions } from './server-campaign.js';
import { SERVER_FAULTS, type ServerFaultName } from './server-faults.js';

export interface RunServersOptions extends Omit<ServerCampaignOptions, 'fault'> {
  faults: readonly ServerFaultName[];
  /** The command that repeats it. */
  command: string;
}

export interface RanServers {
  calm: Campaign;
  ran: { campaign: ServerCampaign; verdict: Verdict }[];
  good: boolean;
  table: string;
}

/** The same inputs embedded and undisturbed, and then on servers with each of the faults: all must end in the same customers. */
export async function runServers(options: RunServersOptions): Promise<RanServers> {
  const { events, seed, say, folder, faults } = options;
  const calm = await campaign({ kills: 0, events, seed, folder: join(folder, 'embedded'), say });
  say(`embedded and undisturbed: ${calm.findings.customers} customers`);
  const ran: RanServers['ran'] = [];
  for (const fault of faults) {
    const one = await serverCampaign({ ...options, fault, folder: join(folder, fault) });
    const verdict = judge(calm, { ...one, kills: [] });
    say(`${fault}: ${verdict.good ? 'nothing wrong' : verdict.faults.slice(0, 10).join('; ')}`);
    ran.push({ campaign: one, verdict });
  }
  return { calm, ran, good: ran.every(({ verdict }) => verdict.good), table: inWords(options, calm, ran) };
}

function inWords({ command }: RunServersOptions, calm: Campaign, ran: RanServers['ran']): string {
  const rows = ran.map(({ campaign: { fault, findings, recoveries, times, seconds }, verdict }) => {
    const { title, workers } = SERVER_FAULTS[fault];
    const longest = recoveries.length === 0 ? '' : `${(Math.max(...recoveries) / 1000).toFixed(1)} s`;
    const equal = verdict.customersEqual && verdict.membershipsEqual && verdict.interactionsEqual;
    const cells = [
      title,
      workers,
      times === 0 ? '' : times,
      findings.lost.length,
      findings.twice.length,
      equal ? 'equal' : '**different**',
      verdict.good ? 'nothing wrong' : `**${verdict.faults.length} faults**`,
      longest,
      `${seconds.toFixed(0)} s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const wrong = ran.flatMap(({ campaign: { fault }, verdict }) =>
    verdict.faults.slice(0, 20).map((found) => `- ${fault}: ${found}`),
  );
  const { customers, customersHash, interactions } = calm.findings;
  return [
    `Command: \`${command}\``,
    '',
    `Node ${process.version}, ${process.platform}, ${cpus().length} cores, one broker, one Redis, 4 partitions a topic.`,
    `Compared with ${customers} customers (\`${customersHash.slice(0, 16)}…\`) and ${interactions} interactions of the embedded run.`,
    '',
    '| fault | workers | times | acknowledged events lost | effects twice | customers, members, interactions | all checks | longest recovery | whole run |',
    '| --- | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: |',
    ...rows,
    '',
    ...(wrong.length === 0 ? [] : ['Faults:', '', ...wrong, '']),
  ].join('\n');
}
