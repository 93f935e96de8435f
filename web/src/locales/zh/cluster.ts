// 集群页：etcd、主节点、需要关注的问题。
import type { Translated } from '../../lib/i18n/translated.ts';
import type { cluster as en } from '../en/cluster.ts';

export const cluster: Translated<typeof en> = {
  title: '集群',
  jobs_other: '{{count}} 个任务',
  workers_other: '{{count}} 个工作节点',
  runs_other: '{{count}} 个正在运行',
  well: '一切正常',
  warnings: '需要关注',
  todo: '怎么办',
  show: '查看',
  etcd: 'etcd',
  masters: '主节点',
  fact: {
    leader: '领导者',
    noLeader: '无：无法写入',
    term: 'Raft 任期',
    version: '版本',
    alarms: '告警',
    noAlarms: '无',
  },
  database: {
    title: '数据库',
    label: '已用 {{used}}，共 {{quota}}',
    used: '已用',
    free: '文件中空闲',
    quota: '配额',
    hint: '文件中的空闲会被再次使用；`etcdctl defrag` 可将其还给磁盘。',
  },
  member: {
    name: '成员',
    role: '角色',
    endpoint: '地址',
    version: '版本',
    term: '任期',
    size: '已用',
    leader: '领导者',
    follower: '跟随者',
    learner: '学习者',
    away: '无响应',
    sizes: '{{used}} / {{file}}',
  },
  master: {
    name: '主节点',
    address: '地址',
    clock: '时钟',
    since: '启动于',
    housekeeper: '清理者',
    housekeeperHint: '它清理历史，并监视 etcd 的配额',
    notMeasured: '未测量',
    host: '{{host}}，进程 {{pid}}',
  },
  alarm: { NOSPACE: '空间不足', CORRUPT: '数据损坏', OTHER: '未知' },
  warning: {
    alarm_no_space: {
      title: 'etcd 空间不足',
      todo: '无法写入，因此没有运行会被领取。请释放空间：压缩，逐个成员整理碎片（etcdctl defrag），然后解除告警（etcdctl alarm disarm）。若配额太小，请调大（--quota-backend-bytes）。',
    },
    alarm_corrupt: {
      title: 'etcd 的一个成员发现数据损坏',
      todo: '先保留快照，再停止该成员，将其移出集群，删除其数据目录，然后重新加入。',
    },
    alarm_other: { title: 'etcd 发出告警', todo: '请查看 etcd 日志和 etcdctl alarm list。' },
    member_unreachable: {
      title: '连不上 etcd 的一个成员',
      todo: '只要多数成员在，一切照常。请检查它是否在运行、此主节点能否访问其地址；在下一个成员出问题之前恢复它。',
    },
    quota_pressure: {
      title: 'etcd 数据库快满了',
      todo: '正在裁剪较旧的历史。请减少保留（history.keep、history.for），或调大 etcd 与主节点的配额（--quota-backend-bytes、--etcd-quota）。',
    },
    old_etcd: {
      title: '此版本的 etcd 有已知缺陷',
      todo: '请逐个成员升级：有效的租约可能被撤销，监视事件可能丢失。',
    },
    no_workers: {
      title: '没有已注册的工作节点',
      todo: '触发会等待或错过，取决于各任务的设置。请在任何能连上 etcd 的机器上启动：etcron worker。',
    },
    no_ready_workers: {
      title: '没有工作节点接受工作',
      todo: '全部已满、在排空或时钟偏差：工作节点页会说明。请增加槽位、添加工作节点或恢复一个。',
    },
    long_waits: {
      title: '任务等待槽位过久',
      todo: '请添加工作节点或槽位，或把任务在时间上错开（jitter）。',
    },
    broken_jobs: {
      title: '存储的定义无法读取',
      todo: '这些任务不会触发。请逐个恢复旧版本，或重新写入。',
    },
    unreadable_values: {
      title: 'etcd 中有无法读取的值',
      todo: '其他程序或更新的版本写入了此前缀。这些值会被跳过；主节点日志会全部列出。',
    },
    unmatched_jobs: {
      title: '没有工作节点能运行某些任务',
      todo: '其标签或所需能力与任何已注册的工作节点都不匹配。请启动匹配的节点，或修改任务。',
    },
    clock_offset: {
      title: '有时钟偏差',
      todo: '请用 NTP 或 chrony 校时。偏差超过允许值的工作节点不接受工作。',
    },
  },
};
