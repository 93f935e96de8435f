// What a run by hand may override, checked against the definition it runs under before anything is written: an
// override that its task would ignore is a mistake of the caller's.
import { invalidInput } from '../../common/api/problems.ts';
import type { FieldIssue } from '../../common/model/issue.ts';
import type { Task } from '../../common/model/job.ts';
import type { TriggerRecord } from '../../common/model/run.ts';

/** They go with the request and with the active record, through etcd: as large as a definition at most. */
export const MAX_OVERRIDES_BYTES = 64 * 1024;

export type Overrides = {
  readonly [Name in 'env' | 'payload']?: TriggerRecord[Name] | undefined;
};

/** Throws invalid_input. */
export function checkOverrides(task: Task, { env, payload }: Overrides): void {
  const issues: FieldIssue[] = [];
  const isProcess = task.kind === 'shell' || task.kind === 'exec';
  if (env !== undefined && !isProcess) {
    const message = `a task of the kind ${task.kind} has no environment: give it a payload, or leave env out`;
    issues.push({ path: 'env', message });
  }
  if (payload !== undefined && isProcess) {
    const message = `a task of the kind ${task.kind} takes no payload: give it env, or leave payload out`;
    issues.push({ path: 'payload', message });
  }
  const sizes = { env: sizeOf(env), payload: sizeOf(payload) };
  if (sizes.env + sizes.payload > MAX_OVERRIDES_BYTES) {
    const message = `env and payload may take ${MAX_OVERRIDES_BYTES} bytes together as JSON; these take ${sizes.env + sizes.payload}`;
    issues.push({ path: sizes.env > sizes.payload ? 'env' : 'payload', message });
  }
  if (issues.length > 0) throw invalidInput(issues);
}

const sizeOf = (value: unknown): number =>
  value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
