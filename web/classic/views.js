// What the page shows: each view asks the API and answers elements.
import { get, text } from './api.js';
import { el, inZone, lasted, link, state, table, when } from './dom.js';

/** Of a worker, in the table; the others are in its title. */
const HANDLERS_SHOWN = 5;

const cell = (...children) => el('td', {}, ...children);
const mono = (...children) => el('td', { class: 'mono' }, ...children);
/** A handler's progress, as it last told it, while it runs. */
const howFar = (run) => !run.endedAt && run.progress !== undefined && ` ${Math.floor(run.progress * 100)} %`;
/** Why it ended as it did, in short. */
const remark = (run) =>
  run.error ??
  run.reason ??
  (run.httpStatus !== undefined
    ? `status ${run.httpStatus}`
    : run.exitCode === undefined
      ? ''
      : `exit code ${run.exitCode}`);
/** Active in name only, when no worker may run it: shown as what it is, with the reason. */
const jobState = (job) =>
  job.unschedulable && job.state === 'active'
    ? [state('unschedulable'), el('div', { class: 'dim' }, job.unschedulable.reason)]
    : [state(job.state)];
const runLink = (run) => el('a', { href: `#run/${link([run.job, run.id])}`, class: 'mono' }, run.id);

function jobActions(ui, job) {
  const path = `/jobs/${link([job.name])}`;
  return [
    ui.action('Run now', async () => `Asked for run ${(await ui.post(`${path}/run`)).run}`),
    ' ',
    job.state === 'running' &&
      ui.action('Kill', async () => `Asked to kill ${(await ui.post(`${path}/kill`)).killed.length} runs`),
    ' ',
    job.paused
      ? ui.action('Resume', () => ui.post(`${path}/resume`).then(() => `${job.name} ticks again`))
      : ui.action('Pause', () => ui.post(`${path}/pause`).then(() => `${job.name} is paused`)),
  ];
}

export async function jobsView(ui) {
  const page = await get(`/jobs?limit=100&q=${encodeURIComponent(ui.search)}`);
  const search = (event) => {
    ui.search = event.target.value;
    void ui.show();
  };
  const rows = page.items.map((job) => [
    cell(
      el('a', { href: `#job/${link([job.name])}` }, job.name),
      job.description && el('div', { class: 'dim' }, job.description),
      job.error && el('div', { class: 'broken' }, job.error),
    ),
    mono(
      job.schedule.join(', '),
      job.timezone && job.timezone !== 'UTC' && el('div', { class: 'dim' }, job.timezone),
    ),
    cell(...jobState(job)),
    cell(when(job.nextTicks[0])),
    cell(
      ...(job.lastRun
        ? [state(job.lastRun.state), ' ', when(job.lastRun.endedAt)]
        : [el('span', { class: 'dim' }, 'none yet')]),
    ),
    el('td', { class: 'actions' }, ...(job.error ? [] : jobActions(ui, job))),
  ]);
  return [
    el(
      'div',
      { class: 'bar' },
      el('input', {
        id: 'search',
        type: 'search',
        placeholder: 'Find by name or description',
        'aria-label': 'Find jobs',
        value: ui.search,
        onchange: search,
      }),
      el('a', { href: '#new' }, 'New job'),
      el('span', { class: 'dim' }, `${page.total} jobs`),
    ),
    table(['Job', 'Schedule', 'State', 'Next tick', 'Last outcome', ''], rows),
    page.nextCursor && el('p', { class: 'dim' }, 'The first hundred are shown: search to narrow it down.'),
  ].filter(Boolean);
}

export async function jobView(ui, name) {
  const path = `/jobs/${link([name])}`;
  const [job, runs] = await Promise.all([get(`${path}?runs=0`), get(`${path}/runs?limit=50`)]);
  const erase = async () => {
    if (!confirm(`Delete ${name} and its history?`)) return false;
    const runsNow = `It has ${job.running === 1 ? 'a run' : `${job.running} runs`} now.`;
    const kill = job.running > 0 && confirm(`${runsNow} Kill what runs? Cancel: it goes on to its end.`);
    const { killed, running } = await ui.remove(kill ? `${path}?kill=true` : path);
    if (killed.length > 0) return `${name} is deleted, asked to kill ${killed.length} of its runs`;
    return running.length > 0
      ? `${name} is deleted; on to their end go ${running.map(({ run }) => run).join(', ')}`
      : `${name} is deleted`;
  };
  const zone = job.definition.timezone;
  const rows = runs.items.map((run) => [
    cell(runLink(run)),
    cell(state(run.state), howFar(run)),
    cell(run.cause.kind.replace('_', ' ')),
    cell(when(run.startedAt ?? run.scheduledFor)),
    cell(lasted(run.durationMs)),
    mono(run.worker ?? ''),
    cell(remark(run)),
  ]);
  return [
    el('h2', {}, job.name, ' ', ...jobState(job)),
    el(
      'div',
      { class: 'bar' },
      ...jobActions(ui, { ...job, paused: job.definition.paused }),
      ui.action('Delete', erase, '#jobs'),
      el('a', { href: `#versions/${link([name])}` }, 'Versions'),
    ),
    el(
      'div',
      {},
      `Next ticks (${zone}): `,
      job.nextTicks.length === 0
        ? 'none'
        : el(
            'ul',
            {},
            job.nextTicks.map((tick) => el('li', {}, inZone(tick, zone))),
          ),
    ),
    el('h2', {}, 'Runs'),
    table(['Run', 'State', 'Cause', 'Started', 'Took', 'Worker', ''], rows),
    el('h2', {}, 'Definition'),
    el('pre', {}, JSON.stringify(job.definition, null, 2)),
  ];
}

export async function versionsView(ui, name) {
  const path = `/jobs/${link([name])}/versions`;
  const { items } = await get(path);
  const restore = (version) => async () => {
    const { changes } = await get(`${path}/${version.generation}/diff?against=current`);
    const fields = changes
      .map((change) => change.path)
      .filter((path) => path !== 'paused')
      .join('\n');
    if (!confirm(`Restore version ${version.generation} of ${name}? It changes:\n${fields || 'nothing'}`))
      return false;
    const { job } = await ui.post(`${path}/${version.generation}/restore`);
    return `${name} is at generation ${job.generation}`;
  };
  const rows = items.map((version) => [
    cell(version.current ? `${version.generation} (current)` : `${version.generation}`),
    cell(when(version.at)),
    cell(version.by ?? ''),
    cell(version.from === undefined ? (version.change ?? '') : `${version.change} from ${version.from}`),
    mono(version.error ?? (version.changed ?? []).join(', ')),
    el(
      'td',
      { class: 'actions' },
      !version.current && !version.error && ui.action('Restore', restore(version)),
    ),
  ]);
  return [
    el('h2', {}, 'Versions of ', el('a', { href: `#job/${link([name])}` }, name)),
    table(['Version', 'When', 'By', 'What', 'Changed', ''], rows),
  ];
}

export async function runView(ui, job, id) {
  const path = `/jobs/${link([job])}/runs/${link([id])}`;
  const run = await get(path);
  const output = await text(`${path}/output`).catch((error) => error.message);
  return [
    el('h2', {}, el('a', { href: `#job/${link([job])}` }, job), ' ', run.id, ' ', state(run.state)),
    !run.endedAt &&
      el(
        'div',
        { class: 'bar' },
        ui.action('Kill', () => ui.post(`${path}/kill`).then(() => 'Asked to kill it')),
      ),
    !run.endedAt &&
      run.progress !== undefined &&
      el('p', {}, el('progress', { value: String(run.progress), max: '1' }), howFar(run)),
    run.killedBy &&
      el(
        'p',
        {},
        `Killed by ${run.killedBy.by}, asked `,
        when(run.killedBy.at),
        run.killedBy.reason && `: ${run.killedBy.reason}`,
      ),
    el('h2', {}, 'Output'),
    el('pre', {}, output),
    el('h2', {}, 'Record'),
    el('pre', {}, JSON.stringify(run, null, 2)),
  ].filter(Boolean);
}

/** What a worker can run besides requests; one of an older version does not tell. */
function canRun({ can }) {
  if (!can) return [el('span', { class: 'dim' }, 'not told')];
  const named = can.handlers.slice(0, HANDLERS_SHOWN).join(', ');
  const more = can.handlers.length - HANDLERS_SHOWN;
  return [
    el('span', { class: can.processes ? undefined : 'dim' }, can.processes ? 'processes' : 'no processes'),
    named &&
      el(
        'div',
        { class: 'mono', title: can.handlers.join('\n') },
        more > 0 ? `${named} and ${more} more` : named,
      ),
  ];
}

export async function workersView(ui) {
  const { items } = await get('/workers');
  const rows = items.map((worker) => {
    const path = `/workers/${link([worker.id])}`;
    return [
      mono(worker.id),
      cell(
        state(worker.state),
        worker.drain &&
          el(
            'div',
            { class: 'dim' },
            worker.drain.left === null ? 'asked to drain' : `${worker.drain.left} runs left`,
          ),
      ),
      cell(`${worker.running} of ${worker.slots}`),
      cell(worker.host, ' ', el('span', { class: 'dim' }, `pid ${worker.pid}, ${worker.version}`)),
      cell(
        Object.entries(worker.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(', '),
      ),
      cell(...canRun(worker)),
      cell(when(worker.startedAt)),
      el(
        'td',
        { class: 'actions' },
        worker.drain?.askedAt
          ? ui.action('Resume', () => ui.post(`${path}/resume`).then(() => `${worker.id} takes work again`))
          : !worker.drain &&
              ui.action('Drain', () =>
                ui.post(`${path}/drain`).then(() => `${worker.id} takes no more work`),
              ),
      ),
    ];
  });
  return [
    el('h2', {}, 'Workers'),
    table(['Worker', 'State', 'Slots in use', 'Host', 'Labels', 'Runs', 'Since', ''], rows),
  ];
}

export async function clusterView() {
  const cluster = await get('/cluster');
  const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const rows = cluster.members.map((member) => [
    cell(member.name, member.isLeader && ' (leader)'),
    mono(member.endpoint),
    cell(member.version),
    cell(member.error ?? mib(member.dbSizeInUse)),
  ]);
  return [
    el('h2', {}, 'Cluster'),
    ...cluster.warnings.map((warning) => el('p', { class: 'paused' }, warning.message)),
    el(
      'p',
      {},
      `${cluster.jobs} jobs, ${cluster.workers} workers, ${cluster.runs} runs now; raft term ${cluster.raftTerm}; ${mib(cluster.dbSizeInUse)} of ${mib(cluster.quotaBytes)} in use`,
    ),
    table(['Member of etcd', 'Address', 'Version', 'In use'], rows),
    el('h2', {}, 'Masters'),
    table(
      ['Master', 'Address', 'Since'],
      cluster.masters.map((master) => [
        mono(master.id, master.id === cluster.housekeeper && ' (housekeeper)'),
        mono(master.http),
        cell(when(master.startedAt)),
      ]),
    ),
  ];
}

export async function newJobView(ui) {
  const field = (name, label, attributes) => el('label', {}, label, el('input', { name, ...attributes }));
  const save = async (event) => {
    event.preventDefault();
    // A field of this form is text: it has no files.
    const given = Object.fromEntries(
      [...new FormData(event.target)].map(([name, value]) => [name, typeof value === 'string' ? value : '']),
    );
    try {
      const { hint } = await ui.post('/jobs', {
        name: given.name,
        schedule: given.schedule,
        timezone: given.timezone,
        overlap: given.overlap,
        ...(given.description && { description: given.description }),
        ...(given.timeout && { timeout: given.timeout }),
        task: { kind: 'shell', command: given.command },
      });
      ui.say(`${given.name} is created${hint ? `; ${hint}` : ''}`, true);
      location.hash = `#job/${link([given.name])}`;
    } catch (error) {
      ui.say(error.message);
    }
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
  return [
    el('h2', {}, 'New job'),
    el(
      'form',
      { class: 'job', onsubmit: save },
      field('name', 'Name', { required: true, autocomplete: 'off', placeholder: 'nightly-backup' }),
      field('description', 'Description', {}),
      field('schedule', 'Schedule: cron of 5 or 6 fields, "@every 90s", @daily or @manual', {
        required: true,
        value: '* * * * *',
        class: 'mono',
      }),
      field('timezone', 'Time zone', { value: zone }),
      el(
        'label',
        {},
        'Shell command',
        el('textarea', { name: 'command', rows: '3', required: true, class: 'mono' }),
      ),
      field('timeout', 'Timeout, such as 10m (optional)', {}),
      el(
        'label',
        {},
        'While it is still running at the next tick',
        el(
          'select',
          { name: 'overlap' },
          ['forbid', 'queue', 'replace', 'allow'].map((each) => el('option', {}, each)),
        ),
      ),
      el('div', {}, el('button', { class: 'main' }, 'Create')),
    ),
  ];
}
