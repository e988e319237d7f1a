import { render } from 'preact';
import { App } from './app.js';
import { takeKey, watchPlace } from './router.js';
import { askBeforeLeaving } from './state/drafts.js';
import { findSession, logIn } from './state/session.js';
import { followTheme } from './state/theme.js';
import './styles/base.css';
import './styles/parts/card.css';
import './styles/parts/controls.css';
import './styles/parts/labels.css';
import './styles/parts/feedback.css';
import './styles/parts/dialogs.css';
import './styles/parts/notices.css';
import './styles/parts/tables.css';
import './styles/views/frame.css';
import './styles/views/log-in.css';
import './styles/views/systems.css';
import './styles/views/flow.css';
import './styles/views/customers.css';
import './styles/views/customer.css';
import './styles/views/timeline.css';
import './styles/views/explain.css';
import './styles/views/decisions.css';
import './styles/views/dead-letters.css';

followTheme();
watchPlace();
askBeforeLeaving();
const key = takeKey();
// A link with a key that is not valid any more leads to the form, as no key does.
if (key === undefined) void findSession();
else logIn(key).catch(findSession);

const root = document.getElementById('app');
if (root) render(<App />, root);
