// Server-sent events out of pieces of text that end anywhere.
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { createEventParser, readEvents, type StreamEvent } from '../../../web/src/lib/event-stream.ts';

const TEXT = [
  'retry: 2000\n\n',
  ': still here\n\n',
  'id: 7-1\nevent: batch\ndata: {"name":"täglich 🕐"}\n\n',
  'data: one\ndata: two\n\n',
  'event: resync\r\ndata:none\r\n\r\n',
  'event: empty\n\n',
].join('');
const EVENTS: StreamEvent[] = [
  { event: 'batch', data: '{"name":"täglich 🕐"}', id: '7-1' },
  { event: 'message', data: 'one\ntwo' },
  { event: 'resync', data: 'none' },
];

const streamOf = (pieces: readonly Uint8Array[], isOpen = false): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (!isOpen) controller.close();
    },
  });

it('reads them whatever the pieces are, also when a character is cut in two', async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cuts, async (at) => {
      const edges = [0, ...at.sort((a, b) => a - b), bytes.length];
      const pieces = edges.slice(1).map((end, i) => bytes.slice(edges[i], end));
      const told: StreamEvent[] = [];
      await readEvents(streamOf(pieces), (event) => told.push(event), 60_000);
      expect(told).toEqual(EVENTS);
    }),
  );
});

it('tells nothing of an event that is not whole yet', () => {
  const tell = vi.fn<(event: StreamEvent) => void>();
  const parse = createEventParser(tell);
  parse('event: batch\ndata: {}\n');
  expect(tell).not.toHaveBeenCalled();
  parse('\n');
  expect(tell).toHaveBeenCalledWith({ event: 'batch', data: '{}' });
});

it('gives a stream up that is silent for longer than a living one', async () => {
  await expect(
    readEvents(streamOf([new TextEncoder().encode(TEXT)], true), () => undefined, 20),
  ).rejects.toThrow('the stream is silent');
});
