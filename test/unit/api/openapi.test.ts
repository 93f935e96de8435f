// The document is complete, sound, and the one that is stored.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contract } from '../../../src/common/api/contract.ts';
import { openApiDocument } from '../../../src/common/api/openapi.ts';
import { packageVersion } from '../../../src/common/runtime/version.ts';

type Node = Record<string, unknown>;
const document = openApiDocument(packageVersion()) as {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      Node & { operationId: string; parameters?: { name: string; in: string }[]; responses: Node }
    >
  >;
  components: { schemas: Record<string, Node> };
};

function* nodes(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  yield value as Node;
  for (const inner of Object.values(value)) yield* nodes(inner);
}

describe('the OpenAPI document', () => {
  it('is stored in docs/ as it is now (npm run openapi writes it)', () => {
    const stored: unknown = JSON.parse(
      readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
    );
    expect(stored).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('has every operation once', () => {
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((op) => op.operationId),
    );
    expect(ids.sort()).toEqual(Object.keys(contract).sort());
  });

  it('points to nothing that is not there, and names nothing that nobody points to', () => {
    const used = new Set(
      [...nodes(document)].flatMap((node) => (typeof node['$ref'] === 'string' ? [node['$ref']] : [])),
    );
    const there = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...used].sort()).toEqual(there.sort());
  });

  it('declares each parameter of each path', () => {
    const wrong = Object.entries(document.paths).flatMap(([path, methods]) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      return Object.values(methods).filter((op) => {
        const declared = (op.parameters ?? []).filter((each) => each.in === 'path').map((each) => each.name);
        const answers = Object.keys(op.responses).some((status) => status.startsWith('2'));
        return !answers || declared.join(' ') !== inPath.join(' ');
      });
    });
    expect(wrong).toEqual([]);
  });

  it('is made of keywords of JSON Schema only: zod leaves nothing unsaid', () => {
    for (const node of nodes(document)) {
      expect(node).not.toHaveProperty('~standard');
      expect(node).not.toHaveProperty('$defs');
    }
    const { JobDefinition, JobDefinitionInput } = document.components.schemas;
    expect(JobDefinitionInput!['required']).toEqual(['name', 'schedule', 'task']);
    expect(JobDefinition!['required']).toContain('overlap');
    expect(JobDefinitionInput!['additionalProperties']).toBe(false);
  });
});
