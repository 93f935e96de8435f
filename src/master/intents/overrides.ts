// What a run by hand may override, checked against the definition it runs under before anything is written: an
// override that its task would ignore is a mistake of the caller's.
import { invalidInput } from '../../common/api/problems.ts';
import { reservedNames } from '../../common/core/definition-effect.ts';
import type { FieldIssue } from '../../common/model/issue.ts';
import { takesBody } from '../../common/model/http-task.ts';
import type { Task } from '../../common/model/job.ts';
import type { TriggerRecord } from '../../common/model/run.ts';

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
  if (env !== undefined && isProcess) issues.push(...reservedNames(['env'], Object.keys(env)));
  if (payload !== undefined && isProcess) {
    const message = `a task of the kind ${task.kind} takes no payload: give it env, or leave payload out`;
    issues.push({ path: 'payload', message });
  }
  if (payload !== undefined && task.kind === 'http' && !takesBody(task.method)) {
    const message = `a ${task.method} request has no body that it could take the place of: leave payload out, or give the task a method such as POST`;
    issues.push({ path: 'payload', message });
  }
  if (issues.length > 0) throw invalidInput(issues);
}
