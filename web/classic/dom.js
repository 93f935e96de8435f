// Elements from values. Text is always text: nothing that comes from the API is ever read as HTML.
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(
    ...children.flat().filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

export const table = (heads, rows) =>
  el(
    'div',
    { class: 'wide' },
    el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          heads.map((head) => el('th', {}, head)),
        ),
      ),
      el(
        'tbody',
        {},
        rows.map((cells) => el('tr', {}, cells)),
      ),
    ),
  );

export const state = (name) => el('span', { class: `state ${name}` }, name.replace('_', ' '));

export const link = (path) => path.map(encodeURIComponent).join('/');

/** `14:30:00` today, with the date otherwise, in the reader's zone. */
export function when(iso) {
  if (!iso) return el('span', { class: 'dim' }, 'none');
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return el('time', { datetime: iso, title: iso }, today ? at.toLocaleTimeString() : at.toLocaleString());
}

/** A tick as the job means it: `Tue 2026-11-24 02:30:00 GMT+1` in its zone; as it came where the browser lacks the zone. */
export function inZone(iso, zone) {
  try {
    const parts = new Intl.DateTimeFormat('en', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    }).formatToParts(new Date(iso));
    const part = (type) => parts.find((each) => each.type === type).value;
    const shown = `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`;
    return el('time', { datetime: iso, title: iso }, shown);
  } catch {
    return el('time', { datetime: iso }, iso);
  }
}

export function lasted(ms) {
  if (ms === undefined) return '';
  return ms < 1000
    ? `${Math.round(ms)} ms`
    : ms < 90_000
      ? `${(ms / 1000).toFixed(1)} s`
      : `${Math.round(ms / 60_000)} min`;
}
