import { describe, expect, it } from 'vitest';
import {
  loadDevConfig,
  loadMasterConfig,
  loadWorkerConfig,
  type DevConfig,
} from '../../../src/common/runtime/config.ts';
import { childArguments, childEnvironment } from '../../../src/cli/dev-children.ts';
import { describeDeath, readyText } from '../../../src/cli/dev-texts.ts';

const readFile = () => 'admin 0123456789abcdef';

function devConfig(flags: Record<string, string> = {}): DevConfig {
  const loaded = loadDevConfig({ flags, env: {}, readFile });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  return loaded.value.config;
}

/** `--a 1 --b 2` as settings; `--supervised` is no setting. */
function flagsOf(args: readonly string[]): Record<string, string> {
  const rest = args.slice(1).filter((arg) => arg !== '--supervised');
  return Object.fromEntries(rest.flatMap((arg, i) => (i % 2 === 0 ? [[arg.slice(2), rest[i + 1]!]] : [])));
}

describe('the processes of etcron dev', () => {
  const config = devConfig({
    workers: '3',
    slots: '5',
    ttl: '7s',
    'drain-timeout': '1m30s',
    listen: '0.0.0.0:9000',
    'tokens-file': 't',
    'allowed-hosts': 'a.example,b.example',
  });
  const [master, ...workers] = childArguments(config, '/data', 'http://127.0.0.1:1234', false);

  it('are a master and the workers, each with a name and a directory of its own', () => {
    expect(workers.map((worker) => worker.name)).toEqual(['worker-1', 'worker-2', 'worker-3']);
    expect(new Set(workers.map((worker) => worker.dataDir)).size).toBe(3);
  });

  it('get arguments that our own commands read back as they were meant', () => {
    const asMaster = loadMasterConfig({ flags: flagsOf(master!.args), env: {}, readFile });
    expect(asMaster.ok && asMaster.value.config).toMatchObject({
      etcd: { endpoints: ['http://127.0.0.1:1234'] },
      listen: { host: '0.0.0.0', port: 9000 },
      allowedHosts: ['a.example', 'b.example'],
      tokens: [{ name: 'admin' }],
    });
    const asWorker = loadWorkerConfig({ flags: flagsOf(workers[1]!.args), env: {}, readFile });
    expect(asWorker.ok && asWorker.value.config).toMatchObject({
      etcd: { endpoints: ['http://127.0.0.1:1234'] },
      name: 'worker-2',
      dataDir: '/data/worker-2',
      slots: 5,
      ttl: 7_000,
      drainTimeout: 90_000,
    });
  });

  it('do not see settings that were meant for a cluster elsewhere', () => {
    expect(
      childEnvironment({ PATH: '/bin', ETCRON_ETCD: 'http://production:2379', ETCRON_TEST_RUN: '1' }),
    ).toEqual({
      PATH: '/bin',
      ETCRON_TEST_RUN: '1',
    });
  });
});

describe('what etcron dev tells', () => {
  const children = ['master', 'worker-1', 'worker-2'].map((name, i) => ({ name, pid: 100 + i }));
  const context = {
    endpoint: 'http://127.0.0.1:1',
    ttl: 10_000,
    dir: '/data/worker-1',
    command: 'node main.js',
    others: [],
  };

  it('is the URL, a job to create, and a worker to kill', () => {
    const text = readyText('http://127.0.0.1:8700', children, '/data', undefined, 30_000);
    expect(text).toContain('etcron is ready: http://127.0.0.1:8700');
    expect(text).toContain('curl -X POST http://127.0.0.1:8700/api/v1/jobs');
    expect(text).toContain('kill -9 101');
  });

  it('is who takes over when a worker died, and when', () => {
    const text = describeDeath(
      children[1]!,
      { code: null, signal: 'SIGKILL' },
      [children[0]!, children[2]!],
      context,
    );
    expect(text).toMatch(/worker-1 \(pid 101\) was ended by SIGKILL/);
    expect(text).toMatch(/within 10 s, then worker-2 takes over/);
    expect(text).toContain('node main.js worker --etcd http://127.0.0.1:1 --name worker-1');
  });

  it('is that jobs go on when the master died, and that nothing does without workers', () => {
    expect(describeDeath(children[0]!, { code: 1, signal: null }, children.slice(1), context)).toMatch(
      /exit code 1[^]*worker-1, worker-2 keep running every job; the API is gone/,
    );
    expect(describeDeath(children[1]!, { code: 1, signal: null }, [children[0]!], context)).toMatch(
      /No worker is left/,
    );
  });

  it('counts the workers that somebody started by hand, and says that they are not stopped', () => {
    const withHand = { ...context, others: [{ name: 'hand' }] };
    const worker = describeDeath(children[1]!, { code: 1, signal: null }, [children[0]!], withHand);
    expect(worker).toMatch(/then hand takes over its ticks/);
    expect(worker).toMatch(/Ctrl-C here does not stop that one/);
    expect(describeDeath(children[0]!, { code: 1, signal: null }, [], withHand)).toMatch(
      /hand keeps running every job/,
    );
    expect(readyText('u', children, '/data', undefined, 30_000)).toMatch(
      /by hand goes on: it is yours to stop/,
    );
  });

  it('names as heirs only workers that can inherit, and what those can that run no processes', () => {
    const vm = { name: 'vm', can: { processes: false, handlers: ['mail'] } };
    const death = (dead: number, alive: readonly number[], others = [vm]): string => {
      const left = alive.map((i) => children[i]!);
      return describeDeath(children[dead]!, { code: 1, signal: null }, left, { ...context, others });
    };
    expect(death(1, [0, 2])).toMatch(/then worker-2 takes over its ticks; runs/);
    expect(death(1, [0, 2])).not.toContain('vm');
    expect(death(1, [0])).toMatch(
      /within 10 s, then vm takes over those of http jobs only;[^]*No worker is left that runs processes: ticks of shell and exec jobs wait/,
    );
    const hand = { name: 'hand', can: { processes: true, handlers: [] } };
    expect(death(1, [0], [vm, hand])).toMatch(/then hand takes over its ticks/);
    expect(death(0, [1])).toMatch(
      /worker-1 keeps running every job, vm keeps running what needs no process \(http, functions\); the API is gone/,
    );
    expect(death(0, [])).not.toContain('every job');
  });

  it('is nothing of others that go on when there is one worker', () => {
    const alone = readyText('u', children.slice(0, 2), '/data', undefined, 30_000);
    expect(alone).not.toMatch(/kill/i);
  });
});
