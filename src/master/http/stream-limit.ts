// Streams stay open as long as the other side likes, so their number is bounded.
import { ProblemError } from '../../common/api/problems.ts';

export interface StreamLimit {
  /** Throws too_many_streams. Releasing twice is fine. */
  take(): { release(): void };
  readonly open: number;
}

export function streamLimit(most: number): StreamLimit {
  let open = 0;
  return {
    take() {
      if (open >= most) {
        throw new ProblemError(
          'too_many_streams',
          `${most} streams are open on this master: close one, or ask another master`,
          {
            retryAfterSeconds: 5,
          },
        );
      }
      open++;
      let isHeld = true;
      return {
        release() {
          if (isHeld) open--;
          isHeld = false;
        },
      };
    },
    get open() {
      return open;
    },
  };
}
