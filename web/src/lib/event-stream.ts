// Server-sent events read from a body: an EventSource can carry no token. Pure but for the stream itself; a piece
// may end anywhere, in the middle of a line or of a character.

export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** To go on after it when the stream breaks. */
  readonly id?: string;
}

/** Gives events as they are whole; what is left at the end is no event. */
export function createEventParser(tell: (event: StreamEvent) => void): (text: string) => void {
  let rest = '';
  let event = '';
  let id: string | undefined;
  let data: string[] = [];

  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0)
        tell({
          event: event === '' ? 'message' : event,
          data: data.join('\n'),
          ...(id !== undefined && { id }),
        });
      event = '';
      id = undefined;
      data = [];
      return;
    }
    // A comment keeps the connection open, no more.
    if (text.startsWith(':')) return;
    const colon = text.indexOf(':');
    const field = colon === -1 ? text : text.slice(0, colon);
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'id') id = value;
    else if (field === 'data') data.push(value);
  };

  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const each of lines) line(each.endsWith('\r') ? each.slice(0, -1) : each);
  };
}

/** Resolves when the stream ends; rejects when it breaks, or is silent for longer than a living one is. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  tell: (event: StreamEvent) => void,
  silenceMs: number,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parse = createEventParser(tell);
  for (;;) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the stream is silent')), silenceMs);
    });
    try {
      const { done, value } = await Promise.race([reader.read(), silence]);
      if (done) return;
      parse(decoder.decode(value, { stream: true }));
    } catch (error) {
      // Not awaited: what is half open may never answer.
      reader.cancel().catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
