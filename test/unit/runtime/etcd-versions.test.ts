import { expect, it } from 'vitest';
import { etcdVersionRemark, isTooOldEtcd } from '../../../src/common/runtime/etcd-versions.ts';

it.each(['3.5.13', '3.5.21', '3.6.0', '3.6.14', '4.0.0', 'v3.6.0-rc.1'])(
  'has nothing to say of etcd %s',
  (version) => {
    expect(etcdVersionRemark(version)).toBeUndefined();
  },
);

it.each(['3.4.0', '3.4.23', '3.5.0', '3.5.12'])('warns of etcd %s, which works', (version) => {
  expect(isTooOldEtcd(version)).toBe(false);
  expect(etcdVersionRemark(version)).toMatch(/live leases.*upgrade for production/);
});

it.each(['3.3.25', '2.3.8'])('refuses etcd %s', (version) => {
  expect(isTooOldEtcd(version)).toBe(true);
});
