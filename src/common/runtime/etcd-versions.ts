// Which versions of etcd will do, and what is wrong with some that will.

/** `3.4.23`, `v3.6.0-rc.1`: numbers of major, minor, patch; undefined when the text is no version. */
export function parseEtcdVersion(text: string): readonly [number, number, number] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text.trim());
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

function isBelow(version: string, bound: string): boolean {
  const [given, least] = [parseEtcdVersion(version), parseEtcdVersion(bound)];
  if (!given || !least) return false;
  for (const [index, part] of least.entries()) if (given[index] !== part) return given[index]! < part;
  return false;
}

/** Older ones lack what this is built on (nested transactions are there, progress of watches is not). */
export const isTooOldEtcd = (version: string): boolean => isBelow(version, '3.4.0');

/** A leader that was stuck and goes on takes leases for expired that others have kept alive (etcd #15247). */
export const revokesLiveLeases = (version: string): boolean => isBelow(version, '3.5.13');

/** What an operator of this version should know; undefined when there is nothing to say. */
export function etcdVersionRemark(version: string): string | undefined {
  if (isTooOldEtcd(version))
    return `etcd ${version} is too old: 3.4 is the oldest that works, 3.6 is recommended`;
  if (!revokesLiveLeases(version)) return undefined;
  return (
    `etcd ${version} has known defects that 3.5.13 and later have not: live leases can be revoked, ` +
    'watch events lost, and some transactions crash it. Fine to try things out; upgrade for production'
  );
}
