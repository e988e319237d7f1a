import type { AttributeValue, PartyState, Ref, Version } from '@unsilo/schemas';
import { Type } from 'typebox';
import { ref, view } from './view.js';

/** What several views share. */
export const closed = { additionalProperties: false } as const;
export const Count = Type.Integer({ minimum: 0 });
export const RefText = ref<Ref>('Ref');
export const SystemName = ref<string>('SystemName');
export const CustomerId = ref<string>('CustomerId');
/** Refs have at most 640 characters. */
export const CustomerNamed = Type.String({
  minLength: 1,
  maxLength: 640,
  description: 'Any id of the customer that was ever handed out, or the ref of one of its records.',
});
export const Time = ref<string>('Timestamp');
export const Value = ref<AttributeValue>('AttributeValue');
export const StateOfParty = ref<PartyState>('PartyState');
export const VersionOf = ref<Version>('Version');

export const Fault = view<{ path: string; message: string }>('Fault')(
  Type.Object(
    {
      path: Type.String({ description: 'Where: JSON pointer into what was sent; empty for the whole.' }),
      message: Type.String({ description: 'Why. Never holds the value itself.' }),
    },
    { ...closed, description: 'One thing that is wrong with what was sent.' },
  ),
);
