import type { BusinessObject, Command, Decision, Interaction, Party, PartyState, UnsiloEvent } from '../src/index.js';
import { partyChanged } from './support/events.js';

/** Most of these are checked by the compiler: a type that stops narrowing makes this file an error. */
describe('generated types', () => {
  it('narrow a change by `deleted`', () => {
    const stateOf = (change: Party): PartyState | undefined => (change.deleted ? change.state : change.state);
    const kindOf = (change: BusinessObject | Interaction): string => (change.deleted ? 'gone' : change.state.kind);
    expect(stateOf(partyChanged().data)?.kind).toBe('person');
    const gone: Interaction = {
      ref: 'a/b/c',
      version: { major: 1, minor: 0 },
      changedAt: '',
      observedAt: '',
      deleted: true,
    };
    expect(kindOf(gone)).toBe('gone');
    // @ts-expect-error neither a state nor deleted
    const neither: Party = { ref: 'a/b/c', version: { major: 1, minor: 0 }, changedAt: '', observedAt: '' };
    // @ts-expect-error both at once
    const both: Party = { ...gone, state: { kind: 'person' } };
    // @ts-expect-error a property that is present is not undefined
    const absent: PartyState = { kind: 'person', note: undefined };
    expect([neither, both, absent]).toHaveLength(3);
  });

  it('narrow a command by `action` and a decision by `kind`', () => {
    const written = (command: Command): string[] => {
      switch (command.action) {
        case 'update':
        case 'create':
          return Object.keys(command.set);
        case 'delete':
          return [command.ref];
        case 'reply':
          return [command.text];
        case 'create-object':
          return [command.object.kind];
      }
    };
    const pair = (decision: Decision): readonly [string, string] | undefined =>
      decision.kind === 'link' || decision.kind === 'unlink' ? decision.refs : undefined;
    const decision: Decision = { id: 'd', author: 'u', decidedAt: '', kind: 'link', refs: ['a/b/c', 'a/b/d'] };
    expect(pair(decision)).toEqual(['a/b/c', 'a/b/d']);
    const header = { id: 'c', system: 's', cause: { kind: 'plan' }, issuedAt: '', deadline: '', attempt: 0 } as const;
    expect(written({ ...header, action: 'reply', inReplyTo: 'a/b/c', text: 'Hello' })).toEqual(['Hello']);
  });

  it('narrow an event by `type`', () => {
    const refOf = (event: UnsiloEvent): string | undefined =>
      event.type === 'unsilo.party.changed' ? event.data.ref : undefined;
    expect(refOf(partyChanged())).toBe('sugarcrm-emea/contact/42');
  });

  it('take elements of any multi-valued attribute as values', () => {
    const { data } = partyChanged();
    const emails = data.deleted ? [] : (data.state.emails ?? []);
    const command: Pick<Extract<Command, { action: 'update' }>, 'set'> = {
      set: { emails: { value: emails, asOf: 0 } },
    };
    expect(command.set['emails']?.value).toHaveLength(2);
  });
});
