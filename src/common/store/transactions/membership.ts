// Registrations: what a process says of itself, under its lease.
import type { LeaseId, Txn } from '../etcd.ts';
import { put } from './parts.ts';

/** Rejects as lease_not_found when the lease is gone: nobody registers without one. */
export const register = (key: string, value: string, leaseId: LeaseId): Txn => ({
  compare: [],
  success: [put(key, value, leaseId)],
  failure: [],
});
