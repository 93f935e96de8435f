// The jobs that the pictures of the admin page show: a shop of middle size, with all that goes well and wrong in one.
// They run for real, on the machine that takes the pictures: short, and light enough for it.

const shell = (command) => ({ kind: 'shell', command });
/** Takes this long, more or less, and says something. */
const work = (seconds, spread, said) =>
  shell(
    `s=$(awk 'BEGIN{srand('$$');printf "%.2f", ${seconds}+${spread}*(rand()-0.5)}'); echo "${said}"; sleep $s; echo "done in $s s"`,
  );
/** Fails in some minutes of `of`: `fails 2 minutes of 5`. */
const fails = (minutes, of, error, code) =>
  shell(
    `sleep 0.4; if [ $(( $(date +%s) / 60 % ${of} )) -lt ${minutes} ]; then echo "${error}" >&2; exit ${code}; fi; echo ok`,
  );

/** Steps with colours, as a tool for warehouses prints them; some minutes long. */
export const LIVE = 'warehouse-load';
const models = [
  'stg_orders',
  'stg_customers',
  'stg_payments',
  'stg_refunds',
  'int_order_items',
  'int_sessions',
  'dim_customers',
  'dim_products',
  'fct_orders',
  'fct_revenue_daily',
  'fct_returns',
  'mart_cohorts',
];
const load = `
say() { printf '\\033[2m%s\\033[0m  %b\\n' "$(date +%H:%M:%S)" "$1"; }
say '\\033[1mwarehouse-load\\033[0m  target \\033[36mprod\\033[0m, ${models.length} models, 4 threads'
say "run $ETCRON_RUN_ID, attempt $ETCRON_ATTEMPT"
n=0
for round in 1 2 3 4 5 6 7 8 9 10; do
for model in ${models.join(' ')}; do
  n=$((n + 1))
  say "$n of ${models.length * 10}  \\033[34mSTART\\033[0m  incremental model \\033[1m$model\\033[0m, slice $round"
  sleep 0.7
  case $((n % 9)) in
    4) say "          \\033[33mWARN\\033[0m   $model: 12 rows without a customer, left out" ;;
    7) say "          \\033[31mERROR\\033[0m  $model: deadlock detected (40P01), \\033[33mtrying again in 1 s\\033[0m"; sleep 1 ;;
  esac
  say "$n of ${models.length * 10}  \\033[32mOK\\033[0m     \\033[1m$model\\033[0m  INSERT $((n * 7919 % 90000)) in 0.7 s"
done; done
say '\\033[32mCompleted\\033[0m'
`;

const job = (name, schedule, task, more = {}) => ({ name, schedule, task, ...more });
const of = (team, tier, jobs) =>
  jobs.map((each) => ({ labels: { team, tier }, timezone: 'Europe/Berlin', ...each }));

/** `hooks`: where their requests go, `http://127.0.0.1:<port>`. */
export const jobsFor = (hooks) => [
  ...of('platform', 'gold', [
    job('backup-postgres', '*/5 * * * *', work(38, 14, 'pg_dump: 214 tables'), {
      description: 'Dump of the main database, to two places',
      timeout: '30m',
      retry: { limit: 2, delay: '30s' },
    }),
    job('backup-mysql-legacy', '2-59/5 * * * *', work(17, 6, 'mysqldump: 48 tables')),
    job('backup-uploads', '*/10 * * * *', work(210, 60, 'rclone: 1,204 objects changed'), {
      description: 'What customers uploaded, to the other region',
    }),
    job('backup-verify', '* * * * *', fails(9, 10, 'restore test: checksum of table invoices differs', 3), {
      description: 'Restores the newest backup and compares',
    }),
    job('backup-prune', '30 3 * * *', work(4, 1, 'kept 7 daily, 4 weekly, 12 monthly')),
    job('cert-renewal', '0 4 * * 1', work(2, 1, 'nothing to renew')),
    job('disk-check', '* * * * *', work(0.3, 0.2, 'all file systems below 80 %'), {
      workers: { mode: 'all' },
      description: 'On every machine: is there room left?',
    }),
    job('dns-check', '@every 30s', { kind: 'http', url: `${hooks}/dns` }),
    job('heartbeat', '@every 1s', shell('true'), { history: { keep: 50 } }),
    job('key-rotation', '0 5 1 * *', shell('true')),
    job('log-rotate', '*/3 * * * *', work(1, 0.5, 'rotated'), { workers: { mode: 'all' } }),
    job('metrics-flush', '@every 10s', work(0.6, 0.6, 'flushed')),
    job('status-page', '@every 20s', { kind: 'http', url: `${hooks}/status` }),
    job('tmp-cleanup', 'H * * * *', work(3, 2, 'removed 1,022 files')),
  ]),
  ...of('billing', 'gold', [
    job('billing-charge-cards', '@every 2m', fails(1, 3, 'gateway answered 502 Bad Gateway', 75), {
      description: 'Charges what is due; the gateway is not always there',
      retry: { limit: 3, delay: '5s', on: { exitCodes: ['75'] } },
      overlap: 'queue',
    }),
    job('billing-dunning', '0 9 * * 1-5', work(6, 2, '14 reminders')),
    job('billing-exchange-rates', '*/2 * * * *', { kind: 'http', url: `${hooks}/rates` }),
    job('billing-invoices', '*/5 * * * *', work(26, 8, '412 invoices'), {
      description: 'Invoices of what was delivered since the last run',
    }),
    job('billing-ledger-close', '0 1 1 * *', shell('true'), { description: 'Closes the month' }),
    job('billing-tax-report', '0 6 10 1,4,7,10 *', shell('true')),
    job('billing-usage-rollup', '* * * * *', work(9, 5, 'rolled up 61,204 events')),
    job(
      'billing-webhook-retry',
      '@every 45s',
      { kind: 'http', url: `${hooks}/gone` },
      {
        description: 'Sends again what the partners did not take',
      },
    ),
  ]),
  ...of('growth', 'silver', [
    job('mail-bounces', '@every 30s', work(1.4, 1, '3 addresses blocked')),
    job('mail-digest', '0 7 * * *', work(40, 5, '18,204 mails')),
    job('mail-newsletter', '0 10 * * 2', shell('true'), {
      paused: true,
      description: 'Paused until the new template is approved',
    }),
    job('mail-queue', '@every 5s', work(1.1, 1.4, 'sent 25 mails')),
    job('mail-trial-ending', '0 8 * * *', shell('true')),
    job('survey-invites', '15 11 * * 3', shell('true'), { paused: true }),
    job('ads-spend-import', '*/4 * * * *', work(12, 6, 'imported 3 accounts')),
    job('seo-sitemap', 'H */2 * * *', work(5, 1, '48,118 urls')),
  ]),
  ...of('shop', 'gold', [
    job('shop-abandoned-carts', '*/10 * * * *', work(7, 2, '62 carts')),
    job('shop-cache-warm', '@every 40s', work(11, 6, '900 pages warm')),
    job(
      'shop-import-orders',
      '* * * * *',
      fails(2, 5, 'cannot reach orders.example.org: connection timed out', 7),
      {
        description: 'Orders of the marketplaces',
      },
    ),
    job('shop-prices', '*/2 * * * *', work(19, 10, '7,113 prices')),
    job('shop-session-cleanup', '@every 1m', work(1.2, 1, 'removed 402 sessions')),
    job('shop-stock-alerts', '*/3 * * * *', work(2, 1, '5 products are low')),
    job('shop-stock-sync', '@every 15s', work(4, 3, 'synced 3 stores'), { overlap: 'allow' }),
    job('shop-flash-sale', '@at 2027-11-26T06:00:00Z', shell('true'), {
      description: 'Switches the prices of Black Friday on',
    }),
  ]),
  ...of('data', 'silver', [
    job(LIVE, '0 */6 * * *', shell(load), {
      description: 'Loads all models of the warehouse',
      timeout: '20m',
      workers: { labels: { region: 'eu' } },
    }),
    job('warehouse-vacuum', '40 2 * * *', shell('true')),
    job('report-cohorts', '*/15 * * * *', work(300, 80, 'cohorts of 36 months')),
    job('report-daily-sales', '0 6 * * *', work(30, 5, 'sent to 12 people')),
    job('report-funnel', '*/2 * * * *', work(33, 20, '6 steps')),
    job('report-weekly-kpi', '0 7 * * 1', shell('true')),
    job('report-year-end', '0 3 31 12 *', shell('true')),
    job('ml-train-ranking', '*/5 * * * *', shell('true'), {
      description: 'Needs a graphics processor',
      workers: { labels: { gpu: 'yes' } },
    }),
    job('ml-features', '*/3 * * * *', work(45, 20, '1.2 M rows')),
    job('search-reindex', '*/6 * * * *', work(75, 30, '48,118 documents')),
    job('sync-crm', '@every 30s', shell('echo asking for changes; sleep 40'), {
      timeout: '20s',
      description: 'Their API hangs now and then',
    }),
    job('sync-warehouse-stock', '@every 20s', work(24, 8, 'delta of 902 rows'), {
      workers: { labels: { region: 'us' } },
    }),
    ...['at', 'be', 'ch', 'cz', 'de', 'dk', 'es', 'fi', 'fr', 'it', 'nl', 'no', 'pl', 'pt', 'se', 'uk'].map(
      (country) =>
        job(`export-${country}`, '0 2 * * *', shell('true'), {
          description: 'Figures of the day, for the country',
        }),
    ),
    job('clean-events', '0 2 29 2 *', shell('true')),
    job('gdpr-export', '@manual', work(5, 1, 'one archive'), { description: 'On request of a customer' }),
    job('gdpr-delete', '@manual', shell('true'), { description: 'On request of a customer' }),
  ]),
  ...of('security', 'gold', [
    job('audit-export', '*/5 * * * *', work(3, 1, '8,120 entries')),
    job('cve-scan', '20 * * * *', work(60, 20, 'no new finding')),
    job('login-anomalies', '@every 25s', work(2, 2, 'nothing unusual')),
    job('secrets-scan', '*/7 * * * *', work(8, 4, '212 repositories')),
    job('vpn-accounts', '0 12 * * 5', shell('true'), { paused: true }),
  ]),
];
