// The page of the cluster: etcd, the masters, and what to worry about.
export const cluster = {
  title: 'Cluster',
  jobs_one: '{{count}} job',
  jobs_other: '{{count}} jobs',
  workers_one: '{{count}} worker',
  workers_other: '{{count}} workers',
  runs_one: '{{count}} run now',
  runs_other: '{{count}} runs now',
  well: 'Nothing to worry about',
  warnings: 'What to look at',
  todo: 'What to do',
  etcd: 'etcd',
  masters: 'Masters',
  fact: {
    leader: 'Leader',
    noLeader: 'none: nothing can be written',
    term: 'Raft term',
    version: 'Version',
    alarms: 'Alarms',
    noAlarms: 'none',
  },
  database: {
    title: 'Database',
    label: '{{used}} of {{quota}} in use',
    used: 'In use',
    free: 'Free in the file',
    quota: 'Quota',
    hint: 'What is free in the file is used again; `etcdctl defrag` gives it back to the disk.',
  },
  member: {
    name: 'Member',
    role: 'Role',
    endpoint: 'Address',
    version: 'Version',
    term: 'Term',
    size: 'In use',
    leader: 'leader',
    follower: 'follower',
    learner: 'learner',
    away: 'not answering',
    sizes: '{{used}} of {{file}}',
  },
  master: {
    name: 'Master',
    address: 'Address',
    clock: 'Clock',
    since: 'Since',
    housekeeper: 'housekeeper',
    housekeeperHint: 'It prunes history, and watches the quota of etcd',
    notMeasured: 'not measured',
    host: '{{host}}, pid {{pid}}',
  },
  alarm: { NOSPACE: 'out of space', CORRUPT: 'corrupt data', OTHER: 'unknown' },
  warning: {
    alarm_no_space: {
      title: 'etcd is out of space',
      todo: 'Nothing can be written, so no run is claimed. Free space: compact, defragment each member (etcdctl defrag), then take the alarm away (etcdctl alarm disarm). If the quota is small, raise it (--quota-backend-bytes).',
    },
    alarm_corrupt: {
      title: 'A member of etcd found its data corrupt',
      todo: 'Stop that member, remove it from the cluster, delete its data directory and let it join anew. Keep a snapshot first.',
    },
    alarm_other: {
      title: 'etcd raised an alarm',
      todo: 'See the log of etcd, and etcdctl alarm list.',
    },
    member_unreachable: {
      title: 'A member of etcd cannot be reached',
      todo: 'With a majority of the members all goes on. See whether it runs, and whether this master reaches its address; bring it back before another one goes.',
    },
    quota_pressure: {
      title: 'The database of etcd fills up',
      todo: 'Older history is being cut to make room. Keep less (history.keep, history.for), or raise the quota of etcd and of the masters (--quota-backend-bytes, --etcd-quota).',
    },
    old_etcd: {
      title: 'This version of etcd has known faults',
      todo: 'Upgrade, one member after another: leases can be revoked while they live, and events of watches be lost.',
    },
    no_workers: {
      title: 'No worker is registered',
      todo: 'Ticks wait, or are missed, as each job says. Start a worker on any machine that reaches etcd: etcron worker.',
    },
    no_ready_workers: {
      title: 'No worker takes work',
      todo: 'All are full, draining, or have a wrong clock: the page of workers says which. Give them more slots, add a worker, or resume one.',
    },
    long_waits: {
      title: 'Jobs wait long for a slot',
      todo: 'Add workers or slots, or spread the jobs over time (jitter).',
    },
    broken_jobs: {
      title: 'Stored definitions cannot be read',
      todo: 'These jobs do not tick. Restore an older version of each, or put it anew.',
    },
    unreadable_values: {
      title: 'Values in etcd cannot be read',
      todo: 'Something else wrote below this prefix, or a newer version did. They are passed over; the log of the master names them all.',
    },
    unmatched_jobs: {
      title: 'No worker can run some jobs',
      todo: 'Their labels, or what their task needs, match no registered worker. Start one that does, or change the jobs.',
    },
    clock_offset: {
      title: 'A clock is off',
      todo: 'Let NTP or chrony set it. A worker whose clock is off by more than it may be takes no work.',
    },
  },
} as const;
