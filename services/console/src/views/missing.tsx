import { Empty } from '../parts/feedback.js';
import { Page } from '../parts/page.js';
import { href } from '../router.js';

export function Missing() {
  return (
    <Page title="Nothing here">
      <Empty icon="search" title="This address leads nowhere">
        It may have been cut off. Go to the <a href={href(['flow'])}>flow</a> or search the{' '}
        <a href={href(['customers'])}>customers</a>.
      </Empty>
    </Page>
  );
}
