import { api, path } from '../../api/client.js';
import type { Customer, Employment as Answered, EmploymentLink } from '../../api/types.js';
import { Badge } from '../../parts/feedback.js';
import { href } from '../../router.js';
import { useLoad } from '../../state/load.js';

const SHOWN = 50;

/** The organizations that a person belongs to, or the people of an organization; nothing where there is none. */
export function Employment({ customer }: { customer: Customer }) {
  const { id, kind, revision } = customer;
  const { data } = useLoad(
    id,
    () => api.get<Answered>(path('customers', id, 'employment'), { limit: SHOWN }),
    revision,
  );
  const links = data ? [...data.employers, ...data.people] : [];
  if (links.length === 0) return null;
  return (
    <section aria-labelledby="employment">
      <div class="section-head">
        <h2 id="employment">{kind === 'person' ? 'Works for' : 'People'}</h2>
        <span class="small dim">Customers of their own, tied by the name that systems give.</span>
      </div>
      <ul class="employment card">
        {links.map((link) => (
          <li key={link.customer.id}>
            <Link link={link} />
          </li>
        ))}
      </ul>
      {data?.complete === false && <p class="small dim">There are more than these.</p>}
    </section>
  );
}

function Link({ link }: { link: EmploymentLink }) {
  const { customer, how, stated, title } = link;
  return (
    <>
      <a href={href(['customers', customer.id])}>{customer.name}</a>
      {title !== undefined && <span class="small dim">{title}</span>}
      {customer.kind === 'organization' && stated !== customer.name && <span class="small dim">“{stated}”</span>}
      {how === 'name-and-domain' && <Badge tone="good">same domain</Badge>}
    </>
  );
}
