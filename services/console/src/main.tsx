import { render } from 'preact';
import { App } from './app.js';
import { takeKey, watchPlace } from './router.js';
import { findSession, logIn } from './state/session.js';
import { followTheme } from './state/theme.js';
import './styles/base.css';
import './styles/parts.css';
import './styles/views.css';

followTheme();
watchPlace();
const key = takeKey();
// A link with a key that is not valid any more leads to the form, as no key does.
if (key === undefined) void findSession();
else logIn(key).catch(findSession);

const root = document.getElementById('app');
if (root) render(<App />, root);
