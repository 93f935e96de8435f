// The whole output as a file. By a plain link where the browser may ask for it itself: it then goes to the disk, not
// through the page's memory. Where a token is needed, which no link can carry, by the page.
import { pathOf } from '../../../../src/common/api/contract.ts';
import { openStream } from '../../lib/api.ts';
import { addressOf } from '../../lib/base.ts';
import { notifyFailed } from '../../components/notify.ts';
import { problemText } from '../../components/problem-text.ts';
import { currentToken } from '../../lib/token.ts';
import i18next from 'i18next';

export function downloadOutput(job: string, run: string): void {
  const name = `${job}-${run}.log`;
  if (currentToken() === undefined) {
    save(addressOf(pathOf('getRunOutput', { job, run })), name);
    return;
  }
  void openStream('getRunOutput', { params: { job, run }, query: {} })
    .then((answer) => answer.blob())
    .then((blob) => {
      const address = URL.createObjectURL(blob);
      save(address, name);
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    })
    .catch((error: unknown) =>
      notifyFailed(i18next.t('problem.actionFailed'), problemText(error, i18next.t).join('\n')),
    );
}

function save(address: string, name: string): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}
