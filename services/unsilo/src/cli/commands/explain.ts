import type { Explanation } from '@unsilo/hub';
import { asking, ASKING } from '../asking.js';
import { action, argument, EXIT, noMoreArguments, type Command, type ExitCode } from '../command.js';
import { printable, type Output } from '../output.js';

export const explain: Command = {
  name: 'explain',
  summary: 'Say why: a value, a customer, a pair of records, a write, an event',
  usage: [
    'explain value ID|REF ATTRIBUTE [ELEMENT]',
    'explain customer ID|REF',
    'explain pair REF REF',
    'explain command ID',
    'explain event ID',
  ],
  description:
    'A customer is named by its id or by any of its records. Of a list, ELEMENT names one; without it each is explained.',
  options: ASKING,
  examples: [
    { command: 'unsilo explain value c_0123 name.given', what: 'Who said it, since when, and what it beat' },
    { command: 'unsilo explain value crm/contact/1 emails', what: 'The same of each e-mail address' },
    {
      command: 'unsilo explain customer c_0123',
      what: 'How its records were joined, what holds least, and who came close and stayed outside',
    },
    { command: 'unsilo explain pair crm/contact/1 shop/row/7', what: 'Why these are, or are not, one customer' },
    { command: 'unsilo explain command cmd_0123', what: 'Which statement and event caused a write, and how it ended' },
  ],
  async run(invocation, surroundings) {
    argument(invocation, 0, 'What to explain (value, customer, pair, command or event)');
    const what = action(invocation, ['value', 'customer', 'pair', 'command', 'event']);
    const given = (index: number, name: string): string => argument(invocation, index, name);
    return asking(invocation, surroundings, async ({ service, actor }): Promise<ExitCode> => {
      const { output } = surroundings;
      switch (what) {
        case 'value': {
          noMoreArguments(invocation, 4);
          const element = invocation.positionals[3];
          return explained(
            output,
            await service.explainValue(
              actor,
              given(1, 'The id of the customer, or of a record'),
              given(2, 'The attribute'),
              element,
            ),
          );
        }
        case 'customer':
          noMoreArguments(invocation, 2);
          return explained(
            output,
            await service.explainCustomer(actor, given(1, 'The id of the customer, or of a record')),
          );
        case 'pair':
          noMoreArguments(invocation, 3);
          return explained(
            output,
            await service.explainPair(actor, given(1, 'The first ref'), given(2, 'The second ref')),
          );
        case 'command':
          noMoreArguments(invocation, 2);
          return explained(output, await service.explainCommand(actor, given(1, 'The id of the command')));
        case 'event':
          noMoreArguments(invocation, 2);
          return explained(output, await service.explainEvent(actor, given(1, 'The id of the event')));
      }
    });
  },
};

export function explained(output: Output, explanation: Explanation<unknown>): ExitCode {
  if (output.json) output.value(explanation);
  else for (const line of explanation.words) output.data(printable(line));
  return EXIT.ok;
}
