import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settingsOf } from '../../../src/common/runtime/settings.ts';
import { buildProgram, runProgram } from '../../../src/cli/program.ts';

const run = (...args: string[]) => runProgram(['node', 'etcron', ...args]);

describe('the command line', () => {
  let out = '';
  let err = '';
  beforeEach(() => {
    out = err = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  it('tells its version', async () => {
    expect(await run('--version')).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each(['master', 'worker', 'dev', 'audit'] as const)(
    'shows each setting of %s with its default and variable',
    (name) => {
      const command = buildProgram().commands.find((one) => one.name() === name)!;
      const help = command.configureHelp({ helpWidth: 1_000 }).helpInformation();
      for (const { flag, env, fallback } of settingsOf(name)) {
        const line = help.split('\n').find((one) => one.includes(`--${flag} <`));
        expect(line).toContain(`[${env}]`);
        expect(line).toContain(fallback === undefined ? '[ETCRON_' : `(default: ${fallback})`);
      }
      expect(help).not.toContain('--supervised');
    },
  );

  it('refuses an unknown flag and proposes the one that was meant', async () => {
    expect(await run('worker', '--slotz', '4')).toBe(2);
    expect(err).toMatch(/unknown option '--slotz'[^]*--slots/);
  });

  it.each([['worker', 'now'], ['cron'], []])('refuses what is no command: %j', async (...args) => {
    expect(await run(...args)).toBe(2);
    expect(out + err).not.toBe('');
  });

  it('refuses settings that do not hold before anything is started, with the source and what is right', async () => {
    vi.stubEnv('ETCRON_TTL', '3s');
    expect(await run('worker', '--slots', '0')).toBe(2);
    expect(err).toBe(
      '--slots: 0 is not a whole number from 1 to 10000\nETCRON_TTL: 3s is out of bounds: at least 5s and at most 10m\n',
    );
  });

  it('refuses to serve the open network without tokens', async () => {
    expect(await run('master', '--listen', '0.0.0.0:8700')).toBe(2);
    expect(err).toMatch(/--tokens-file/);
  });
});
