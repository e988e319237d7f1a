import type { CustomerLookup } from '@unsilo/hub';
import type { Asking } from './asking.js';
import { CommandError } from './command.js';
import type { Output } from './output.js';

export type Found = Extract<CustomerLookup, { status: 'found' }>;

/**
 * The customer of an id, or of one of its records. Follows ids that became part of another customer, and says so.
 * @param given `c_…`, or a ref: `crm/contact/42`
 * @throws UNSILO_CUSTOMER_GONE, UNSILO_CUSTOMER_UNKNOWN, and what is said of unknown refs
 */
export async function customerOf(
  { service, actor }: Pick<Asking, 'service' | 'actor'>,
  given: string,
  output: Output,
): Promise<Found> {
  let id = given;
  if (given.includes('/')) {
    const { customer } = await service.record(actor, given);
    if (customer === undefined)
      throw new CommandError('UNSILO_CUSTOMER_GONE', `The record ${given} belongs to no customer any more.`);
    id = customer;
  }
  const found = await service.customer(actor, id);
  switch (found.status) {
    case 'found':
      return found;
    case 'moved':
      output.message(`${id} is part of ${found.to} now.`);
      return customerOf({ service, actor }, found.to, output);
    case 'gone':
      throw new CommandError('UNSILO_CUSTOMER_GONE', `The customer ${id} was forgotten.`);
    case 'unknown':
      throw new CommandError(
        'UNSILO_CUSTOMER_UNKNOWN',
        `No customer ever had the id ${id}.`,
        '`unsilo customers search` finds ids.',
      );
  }
}
