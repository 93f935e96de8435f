// `etcron audit`: proves that every tick ran once, or says which did not. It asks a master rather than etcd: who
// audits needs a token of the API and no access to etcd, and the judge is the one code behind the API.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadClientConfig } from '../../common/runtime/config.ts';
import { parseInstant } from '../../common/core/every.ts';
import { JOB_NAME } from '../../common/model/ids.ts';
import { durationMs } from '../../common/model/duration.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { createApiClient, MasterRefused, MasterUnreachable } from '../api-client.ts';
import { audit, MAY_FAIL, type MayFail } from '../audit.ts';
import { auditText } from '../audit-text.ts';
import { addSettings, readSettings } from '../settings-options.ts';

export const AUDIT_EXIT = { ok: 0, wrong: 1, usage: 2, unreachable: 3 } as const;

interface AuditOptions {
  readonly since: string;
  readonly until?: string;
  readonly job: readonly string[];
  readonly grace?: string;
  readonly failOn: readonly MayFail[];
  readonly json?: true;
}

const HELP = `
Exit code: 0 all is in order; 1 a tick is unexplained or ran twice, or is one of --fail-on, or a job cannot be read;
2 wrong usage; 3 no master could be asked.`;

/** Checks that it is one; what it means depends on the time of the look. */
function moment(text: string): string {
  if (durationMs(text) === undefined && parseInstant(text) === undefined)
    throw new InvalidArgumentError('a duration such as "24h", or an instant such as 2026-11-22T00:00:00Z');
  return text;
}

function duration(text: string): string {
  const ms = durationMs(text);
  if (ms === undefined || ms > 86_400_000)
    throw new InvalidArgumentError('a duration such as "1m", at most 1d');
  return text;
}

function jobNames(text: string, before: readonly string[]): readonly string[] {
  const names = text.split(',');
  const wrong = names.find((name) => !JOB_NAME.test(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`${JSON.stringify(wrong)} is no job's name`);
  return [...before, ...names];
}

const isMayFail = (text: string): text is MayFail => Object.hasOwn(MAY_FAIL, text);

function outcomes(text: string, before: readonly MayFail[]): readonly MayFail[] {
  const given = text.split(',').map((each) => each.trim());
  const known = given.filter(isMayFail);
  const wrong = given.find((each) => !isMayFail(each));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`${JSON.stringify(wrong)} is none of ${Object.keys(MAY_FAIL).join(', ')}`);
  return [...before, ...known];
}

const instantOf = (text: string, now: number): Instant =>
  parseInstant(text) ?? instant(Math.max(0, now - durationMs(text)!));

/** `ended`: told the exit code. */
export function auditCommand(command: Command, ended: (code: number) => void): Command {
  command
    .description('Tell whether every tick ran once')
    .addOption(
      new Option('--since <when>', 'from then on: so long ago, or an instant')
        .default('24h')
        .argParser(moment),
    )
    .addOption(new Option('--until <when>', 'up to then (default: now)').argParser(moment))
    .addOption(
      new Option('--job <names>', 'only these jobs, separated by commas')
        .default([], 'all')
        .argParser(jobNames),
    )
    .addOption(
      new Option(
        '--grace <duration>',
        'how long a due tick may wait before it is unexplained (default: 1m)',
      ).argParser(duration),
    )
    .addOption(
      new Option(
        '--fail-on <outcomes>',
        `exit with 1 for these as well: ${Object.keys(MAY_FAIL).join(', ')}, separated by commas (default: only for what is unexplained or ran twice)`,
      )
        .default([])
        .argParser(outcomes),
    )
    .option('--json', 'print JSON');
  addSettings(command, 'audit').addHelpText('after', HELP);
  return command.action(async (options: AuditOptions) => {
    const { config } = readSettings(command, (sources) => loadClientConfig('audit', sources));
    const now = Date.now();
    const from = instantOf(options.since, now);
    const to = options.until === undefined ? instant(now) : instantOf(options.until, now);
    if (from > to)
      command.error(`error: --since ${options.since} is after --until ${options.until ?? 'now'}`);
    try {
      const found = await audit(createApiClient(config), {
        from,
        to,
        jobs: options.job,
        grace: options.grace,
        failOn: options.failOn,
      });
      process.stdout.write(options.json ? `${JSON.stringify(found, null, 2)}\n` : auditText(found));
      ended(found.ok ? AUDIT_EXIT.ok : AUDIT_EXIT.wrong);
    } catch (error) {
      if (error instanceof MasterUnreachable) {
        process.stderr.write(`${error.message}\n`);
        return ended(AUDIT_EXIT.unreachable);
      }
      if (!(error instanceof MasterRefused)) throw error;
      const { code, status } = error.problem;
      const hint = code === 'unauthorized' ? ': give a token by --token-file or ETCRON_TOKEN' : '';
      process.stderr.write(`${error.message}${hint}\n`);
      ended(
        code === 'invalid_input' || code === 'job_not_found' || status === 401
          ? AUDIT_EXIT.usage
          : AUDIT_EXIT.unreachable,
      );
    }
  });
}
