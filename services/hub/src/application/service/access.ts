import { ServiceError, type Actor, type Role } from '../service.js';

/** Refuses unless one of the actor's roles allows it. */
export function allow(actor: Actor, tenant: string, ...roles: Role[]): void {
  if (actor.tenant !== tenant) {
    throw new ServiceError('forbidden', 'UNSILO_OTHER_TENANT', 'This key belongs to another tenant.', {
      hint: 'Use a key of the tenant that this hub serves.',
    });
  }
  if (actor.roles.includes('admin') || roles.some((role) => actor.roles.includes(role))) return;
  throw new ServiceError('forbidden', 'UNSILO_FORBIDDEN', `This needs the role ${roles.join(' or ')}.`, {
    hint: `Ask an administrator for a key with the role ${roles[0] ?? 'admin'}.`,
  });
}
