// The admin page: which view shows, and what its buttons do. Reads again every two seconds while it is seen.
import { remove, post } from './api.js';
import { el } from './dom.js';
import { clusterView, jobsView, jobView, newJobView, runView, versionsView, workersView } from './views.js';

const main = document.querySelector('#main');
const message = document.querySelector('#message');
const REFRESH_MS = 2000;
let turn = 0;

function say(text, good = false) {
  message.textContent = text;
  message.className = good ? 'good' : '';
  if (good) setTimeout(() => message.textContent === text && (message.textContent = ''), 4000);
}

/** A button that does something and then shows the view anew. */
function action(label, run, done) {
  const click = async () => {
    try {
      const text = await run();
      if (text === false) return;
      say(text ?? `${label}: done`, true);
      if (done) location.hash = done;
      await show();
    } catch (error) {
      say(error.message);
    }
  };
  return el('button', { type: 'button', onclick: click }, label);
}

const ui = { action, say, post, remove, search: '' };

function viewOf() {
  const [name = 'jobs', ...rest] = location.hash.slice(1).split('/').map(decodeURIComponent);
  if (name === 'new') return { draw: () => newJobView(ui), refresh: false };
  if (name === 'job' && rest.length === 1) return { draw: () => jobView(ui, rest[0]), refresh: true };
  if (name === 'run' && rest.length === 2)
    return { draw: () => runView(ui, rest[0], rest[1]), refresh: true };
  if (name === 'versions' && rest.length === 1)
    return { draw: () => versionsView(ui, rest[0]), refresh: false };
  if (name === 'workers') return { draw: () => workersView(ui), refresh: true };
  if (name === 'cluster') return { draw: () => clusterView(ui), refresh: true };
  return { draw: () => jobsView(ui), refresh: true };
}

async function show() {
  const mine = ++turn;
  const view = viewOf();
  for (const each of document.querySelectorAll('nav a')) {
    each.toggleAttribute('aria-current', each.getAttribute('href') === (location.hash || '#jobs'));
  }
  try {
    const content = await view.draw();
    if (mine !== turn) return;
    const typing = document.activeElement?.id;
    main.replaceChildren(...content);
    if (typing) document.getElementById(typing)?.focus();
    if (message.className !== 'good') say('');
  } catch (error) {
    if (mine === turn) say(error.message);
  }
  if (view.refresh && mine === turn)
    setTimeout(() => mine === turn && !document.hidden && void show(), REFRESH_MS);
}

ui.show = show;
addEventListener('hashchange', () => void show());
document.addEventListener('visibilitychange', () => document.hidden || void show());
void show();
