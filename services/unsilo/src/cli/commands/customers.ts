import type { Customer } from '@unsilo/schemas';
import type { TimelineEntry } from '@unsilo/hub';
import { counted } from '@unsilo/schemas';
import { asking, ASKING, type Asking } from '../asking.js';
import { action, argument, EXIT, noMoreArguments, type Command, type ExitCode } from '../command.js';
import { customerOf } from '../customer-of.js';
import { inWords, printable, table, type Output } from '../output.js';

const MOST = 200;

export const customers: Command = {
  name: 'customers',
  summary: 'List, search and show customers; hash all of them',
  usage: [
    'customers [list]',
    'customers search TEXT',
    'customers show ID|REF',
    'customers --hash',
    'customers --all --json',
  ],
  description:
    'The hash is equal for equal customers, whatever the order in which they came to be: it compares two runs.',
  options: {
    ...ASKING,
    limit: { type: 'string', value: 'N', description: `At most so many (1 to ${MOST}; default 50)` },
    all: { type: 'boolean', description: 'All customers, whole, one a line, in order of id' },
    hash: { type: 'boolean', description: 'One hash over all customers' },
  },
  examples: [
    { command: 'unsilo customers search "ada lovelace"', what: 'By words of the name, e-mail, phone or handle' },
    { command: 'unsilo customers show c_0123', what: 'Values, who said them, what they beat, records and timeline' },
    { command: 'unsilo customers --hash', what: 'For comparing runs' },
  ],
  async run(invocation, surroundings) {
    const { output, signal } = surroundings;
    const wanted = action(invocation, ['list', 'search', 'show']);
    const limit = invocation.number('limit', { min: 1, max: MOST }) ?? 50;
    return asking(invocation, surroundings, async (asked): Promise<ExitCode> => {
      const { service, actor } = asked;
      if (invocation.flag('hash')) {
        const found = await service.customersHash(actor);
        if (output.json) output.value(found);
        else output.data(`${found.hash} ${counted(found.customers, 'customer')}`);
        return EXIT.ok;
      }
      if (invocation.flag('all')) {
        for await (const customer of service.customers(actor, signal)) {
          if (output.json) output.value(customer, 'line');
          else output.data(`${customer.id} ${printable(nameOf(customer))}`);
        }
        return EXIT.ok;
      }
      switch (wanted) {
        case 'list':
          noMoreArguments(invocation, 1);
          return list(asked, output, limit, undefined);
        case 'search':
          return list(
            asked,
            output,
            limit,
            argument(
              { ...invocation, positionals: [invocation.positionals.slice(1).join(' ')] },
              0,
              'What to search for',
            ),
          );
        case 'show':
          noMoreArguments(invocation, 2);
          return show(asked, output, argument(invocation, 1, 'The id of the customer, or of a record'));
      }
    });
  },
};

async function list(
  { service, actor }: Asking,
  output: Output,
  limit: number,
  text: string | undefined,
): Promise<ExitCode> {
  const page = await service.searchCustomers(actor, { limit, ...(text === undefined ? {} : { text }) });
  if (output.json) output.value(page);
  else {
    const rows = page.items.map(({ id, name, kind, systems, members, changedAt }) => [
      id,
      name,
      kind,
      String(members),
      systems.join(','),
      changedAt,
    ]);
    for (const line of table(['ID', 'NAME', 'KIND', 'RECORDS', 'SYSTEMS', 'CHANGED'], rows)) output.data(line);
    if (page.next !== undefined) output.message('There are more: narrow the search, raise --limit or use --all.');
  }
  return EXIT.ok;
}

async function show({ service, actor }: Asking, output: Output, id: string): Promise<ExitCode> {
  const found = await customerOf({ service, actor }, id, output);
  const { items: timeline } = await service.timeline(actor, found.customer.id, { limit: 10 });
  const { employers, people } = await service.employment(actor, found.customer.id, { limit: 10 });
  if (output.json) {
    output.value({ customer: found.customer, records: found.records, employers, people, timeline });
    return EXIT.ok;
  }
  output.data(`${found.customer.id} ${printable(nameOf(found.customer))}`);
  output.data('');
  const values = found.customer.provenance.map(({ attribute, value, from, rule, alternatives }) => [
    attribute,
    inWords(value),
    from.ref,
    new Date(from.asOf).toISOString(),
    rule,
    alternatives.map((other) => `${inWords(other.value)} (${other.ref})`).join('; '),
  ]);
  for (const line of table(['ATTRIBUTE', 'VALUE', 'FROM', 'SINCE', 'RULE', 'BEAT'], values)) output.data(line);
  output.data('');
  const records = found.records.map(({ ref, deleted, differences, open }) => [
    ref,
    deleted ? 'deleted' : open === undefined ? 'settled' : `being written since ${open.since}`,
    differences.map(({ attribute, reason }) => `${attribute}: ${reason ?? 'to be written'}`).join('; '),
  ]);
  for (const line of table(['RECORD', 'STATE', 'DIFFERS IN'], records)) output.data(line);
  for (const [tie, links] of [
    ['works for', employers],
    ['has', people],
  ] as const)
    for (const { customer, how, title } of links)
      output.data(
        `${tie} ${customer.id} ${printable(customer.name)}${title === undefined ? '' : `, ${printable(title)}`} (${how})`,
      );
  if (timeline.length > 0) {
    output.data('');
    for (const entry of timeline) output.data(timelineLine(entry));
  }
  return EXIT.ok;
}

function nameOf({ state }: Customer): string {
  const { name = {} } = state;
  return name.full ?? [name.given, name.surname].filter((part) => part !== undefined).join(' ');
}

function timelineLine(entry: TimelineEntry): string {
  if (entry.type === 'object') {
    const { state, ref } = entry.object;
    return `${entry.at} ${ref} ${state === undefined ? 'deleted' : printable(`${state.kind}: ${state.name ?? ''}`)}`;
  }
  const { state, ref } = entry.interaction;
  return `${entry.at} ${ref} ${state === undefined ? 'deleted' : printable(`${state.kind}: ${state.text ?? ''}`)}`;
}
